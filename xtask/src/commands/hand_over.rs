//! Hands over to a program of a workspace of its own: its crates must not slow the first lab down, nor any other.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::engine::cargo;
use crate::report::verdict::Verdict;
use crate::system::checkout;

/// Tells the program where the runner is: it starts this one.
const RUNNER: &str = "TRAPPING_SIGNALS_XTASK";

/// Tells the program where the checkout is.
const CHECKOUT: &str = "TRAPPING_SIGNALS_CHECKOUT";

/// Tells the program where the reader stands.
const HERE: &str = "TRAPPING_SIGNALS_HERE";

/// Builds the program of the workspace `folder`, below the checkout, and becomes it.
pub fn to(folder: &str, options: &[&str], arguments: &[String]) -> Result<Verdict> {
    let root = checkout::root()?;
    let error = Command::new(cargo::cargo())
        .arg("run")
        .args(options)
        // Said again, because a configuration of the reader's may name one that other checkouts use, too.
        .arg("--target-dir")
        .arg(cargo::target_folder(root).join("book"))
        .arg("--")
        .args(arguments)
        .env(
            RUNNER,
            std::env::current_exe().context("cannot find this program")?,
        )
        .env(CHECKOUT, root)
        .env(
            HERE,
            std::env::current_dir().context("cannot find this folder")?,
        )
        // A workspace of its own, with a configuration of its own.
        .current_dir(root.join(folder))
        .exec();
    Err(error).context("cannot run cargo")
}
