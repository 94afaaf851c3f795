//! Runs the book. Parses the command line, dispatches, and turns the outcome into an exit status.

mod author;
mod chapter;
mod cli;
mod commands;
mod engine;
mod report;
mod run;
mod system;

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::{CommandFactory, Parser};

use crate::author::{new, tidy};
use crate::chapter::course::Course;
use crate::cli::{Cli, Task};
use crate::commands::{clean, doctor, lab, shell};
use crate::engine::programs;
use crate::report::outcome::Verdict;
use crate::run::screen;
use crate::system::interrupt;

fn main() -> ExitCode {
    programs::note_own_build();
    let cli = Cli::parse();
    let outcome = interrupt::install().and_then(|()| dispatch(cli));
    if let Some(status) = interrupt::caught() {
        return ExitCode::from(status);
    }
    match outcome {
        Ok(verdict) => ExitCode::from(verdict.exit_status()),
        Err(error) => {
            screen::complain(&format!("{}\n", screen::error(&error)));
            ExitCode::from(Verdict::CannotRun.exit_status())
        }
    }
}

fn dispatch(cli: Cli) -> Result<Verdict> {
    let root = cli
        .root
        .unwrap_or_else(|| programs::workspace().to_path_buf());
    let root = root
        .canonicalize()
        .with_context(|| format!("no folder {}", root.display()))?;
    let course = || Course::open(&root);
    match cli.task {
        Task::Lab(arguments) => lab::lab(&course()?, &arguments),
        Task::Exercise(arguments) => lab::exercise(&course()?, &arguments),
        Task::Shell { lab, engine } => shell::shell(&course()?, &lab, engine.engine),
        Task::Doctor { format } => doctor::doctor(format),
        Task::Clean => clean::clean(&course()?),
        Task::Programs { folder } => {
            let count = programs::export(&course()?, &folder)?;
            screen::print(&format!(
                "{count} programs in {0}; LAB_PROGRAMS={0} uses them\n",
                folder.display()
            ));
            Ok(Verdict::Passed)
        }
        Task::New { slug } => new::new(&course()?, &slug),
        Task::Tidy => tidy::tidy(&course()?),
        Task::Book { arguments } => book(&arguments),
        Task::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "xtask", &mut script);
            screen::print(&String::from_utf8_lossy(&script));
            Ok(Verdict::Passed)
        }
    }
}

/// Hands over to the book program: its hundred crates must not slow the first lab down, nor any other.
fn book(arguments: &[String]) -> Result<Verdict> {
    use std::os::unix::process::CommandExt;
    let error = Command::new(programs::cargo())
        .args(["run", "--"])
        .args(arguments)
        // A workspace of its own, with a configuration of its own.
        .current_dir(programs::workspace().join("xtask/book"))
        .exec();
    Err(error).context("cannot run cargo")
}
