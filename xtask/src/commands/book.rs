//! `cargo xtask book`: builds, checks or serves the book.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::engine::programs;
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

/// Hands over to the book program: its hundred crates must not slow the first lab down, nor any other.
pub fn book(arguments: &BookArgs) -> Result<Verdict> {
    let error = Command::new(programs::cargo())
        .args(["run", "--"])
        .args(&arguments.arguments)
        // A workspace of its own, with a configuration of its own.
        .current_dir(programs::workspace().join("xtask/book"))
        .exec();
    Err(error).context("cannot run cargo")
}
