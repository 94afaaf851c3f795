//! `cargo xtask audit`: the reader's own container, examined by `stoppable`, the program of chapter 14.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::engine::programs;
use crate::report::verdict::Verdict;
use crate::system::process;

/// `cargo xtask audit`
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// An image or a folder, and more flags of `stoppable check`; `audit --help` says which
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGS"
    )]
    arguments: Vec<String>,
}

/// Builds `stoppable` and becomes it. Where no engine is installed it gets our own.
pub fn audit(arguments: &AuditArgs) -> Result<Verdict> {
    let program = programs::stoppable()?;
    let mut command = Command::new(&program);
    command.arg("check").args(&arguments.arguments);
    let installed = ["docker", "podman"]
        .iter()
        .any(|name| process::which(name).is_some());
    if !installed && std::env::var_os(ENGINE).is_none() {
        command.env(ENGINE, programs::pocket()?);
    }
    let error = command.exec();
    Err(error).with_context(|| format!("cannot run {}", program.display()))
}

/// Tells `stoppable` what to work with.
const ENGINE: &str = "STOPPABLE_ENGINE";
