//! `cargo xtask workshop`: a learner's screen, and what a leader needs.

use anyhow::Result;
use clap::Args;

use crate::chapter::course::Course;
use crate::commands::{hand_over, pack};
use crate::report::verdict::Verdict;

/// `cargo xtask workshop`
#[derive(Debug, Args)]
pub struct WorkshopArgs {
    /// An exercise to begin with, and more flags; or `lead`: a page that shows who is where; or `pack DIR`: a folder for
    /// laptops without network and Rust. `workshop --help`, `workshop lead --help` and `workshop pack --help` say more
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGS"
    )]
    arguments: Vec<String>,
}

/// Hands over to the learner's screen. What it grades, this program grades.
pub fn workshop(course: &Course, arguments: &WorkshopArgs) -> Result<Verdict> {
    match arguments.arguments.split_first() {
        // A program of its own: a learner does not wait until a database is compiled.
        Some((first, rest)) if first == "lead" => {
            hand_over::to("xtask/workshop", &["--package", "xtask-lead"], rest)
        }
        Some((first, rest)) if first == "pack" => pack::pack(course, rest),
        _ => hand_over::to("xtask/workshop", &[], &arguments.arguments),
    }
}
