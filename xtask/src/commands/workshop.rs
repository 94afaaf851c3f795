//! `cargo xtask workshop`: a learner's screen, and what a leader needs.

use anyhow::Result;
use clap::Args;

use crate::commands::hand_over;
use crate::report::verdict::Verdict;

/// `cargo xtask workshop`
#[derive(Debug, Args)]
pub struct WorkshopArgs {
    /// An exercise to begin with, and more flags; `workshop --help` says which
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGS"
    )]
    arguments: Vec<String>,
}

/// Hands over to the learner's screen. What it grades, this program grades.
pub fn workshop(arguments: &WorkshopArgs) -> Result<Verdict> {
    hand_over::to("xtask/workshop", &[], &arguments.arguments)
}
