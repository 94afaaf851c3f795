//! Runs the book. Parses the command line, dispatches, and turns the outcome into an exit status.

mod author;
mod chapter;
mod cli;
mod commands;
mod engine;
mod report;
mod run;
mod system;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{CommandFactory, Parser};

use crate::chapter::course::Course;
use crate::cli::{Cli, Task};
use crate::commands::{
    audit, book, clean, completions, doctor, exercise, lab, new, shell, tidy, workshop,
};
use crate::report::text;
use crate::report::verdict::Verdict;
use crate::system::print::complain;
use crate::system::{checkout, interrupt};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = interrupt::install().and_then(|()| dispatch(cli));
    if let Some(status) = interrupt::caught() {
        return ExitCode::from(status);
    }
    match outcome {
        Ok(verdict) => ExitCode::from(verdict.exit_status()),
        Err(error) => {
            complain(&format!("{}\n", text::error(&error)));
            ExitCode::from(Verdict::CannotRun.exit_status())
        }
    }
}

fn dispatch(cli: Cli) -> Result<Verdict> {
    if let Some(checkout) = cli.checkout {
        checkout::enter(checkout);
    }
    let root = match cli.root {
        Some(root) => root,
        None => checkout::root()?.to_owned(),
    };
    let root = root
        .canonicalize()
        .with_context(|| format!("no folder {}", root.display()))?;
    let course = || Course::open(&root);
    match cli.task {
        Task::Lab(arguments) => lab::lab(&course()?, &arguments),
        Task::Exercise(arguments) => exercise::exercise(&course()?, &arguments),
        Task::Shell(arguments) => shell::shell(&course()?, &arguments),
        Task::Doctor(arguments) => doctor::doctor(&arguments),
        Task::Clean => clean::clean(&course()?),
        Task::Programs(arguments) => commands::programs::programs(&course()?, &arguments),
        Task::New(arguments) => new::new(&course()?, &arguments),
        Task::Tidy => tidy::tidy(&course()?),
        Task::Audit(arguments) => audit::audit(&arguments),
        Task::Workshop(arguments) => workshop::workshop(&course()?, &arguments),
        Task::Book(arguments) => book::book(&arguments),
        Task::Completions(arguments) => Ok(completions::completions(Cli::command(), &arguments)),
    }
}
