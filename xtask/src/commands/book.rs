//! `cargo xtask book`: builds, checks or serves the book.

use anyhow::Result;
use clap::Args;

use crate::commands::hand_over;
use crate::report::verdict::Verdict;

/// `cargo xtask book`
#[derive(Debug, Args)]
pub struct BookArgs {
    /// build, check or serve; `book --help` says more
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGS"
    )]
    arguments: Vec<String>,
}

/// Hands over to the book program. The live book's buttons run this one.
pub fn book(arguments: &BookArgs) -> Result<Verdict> {
    hand_over::to("xtask/book", &[], &arguments.arguments)
}
