//! `cargo xtask book`: builds, checks or serves the book.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::engine::cargo;
use crate::report::verdict::Verdict;
use crate::system::checkout;

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

/// Tells the book program where the runner is.
const RUNNER: &str = "TRAPPING_SIGNALS_XTASK";

/// Tells the book program where the reader stands.
const HERE: &str = "TRAPPING_SIGNALS_HERE";

/// Hands over to the book program: its hundred crates must not slow the first lab down, nor any other.
pub fn book(arguments: &BookArgs) -> Result<Verdict> {
    let root = checkout::root()?;
    let error = Command::new(cargo::cargo())
        .arg("run")
        // Said again, because a configuration of the reader's may name one that other checkouts use, too.
        .arg("--target-dir")
        .arg(cargo::target_folder(root).join("book"))
        .arg("--")
        .args(&arguments.arguments)
        // The live book's buttons run this program.
        .env(
            RUNNER,
            std::env::current_exe().context("cannot find this program")?,
        )
        .env(
            HERE,
            std::env::current_dir().context("cannot find this folder")?,
        )
        // A workspace of its own, with a configuration of its own.
        .current_dir(root.join("xtask/book"))
        .exec();
    Err(error).context("cannot run cargo")
}
