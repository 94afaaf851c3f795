//! The command line as a whole; each subcommand states its own flags in `commands/`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::commands::audit::AuditArgs;
use crate::commands::book::BookArgs;
use crate::commands::completions::CompletionsArgs;
use crate::commands::doctor::DoctorArgs;
use crate::commands::exercise::ExerciseArgs;
use crate::commands::lab::LabArgs;
use crate::commands::new::NewArgs;
use crate::commands::programs::ProgramsArgs;
use crate::commands::shell::ShellArgs;
use crate::commands::workshop::WorkshopArgs;

/// Runs the book: builds each lab's container, types the chapter's commands, checks what they print.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    version,
    disable_help_subcommand = true
)]
#[command(
    after_help = "Exit status: 0 as the book says, 1 a wrong result, 2 cannot run here, 128+N ended by signal N."
)]
pub struct Cli {
    /// The checkout in which the command was typed: the launcher says it
    #[arg(long, value_name = "DIR", hide = true)]
    pub checkout: Option<PathBuf>,
    /// The course's folder, if not the checkout you are in
    #[arg(long, global = true, value_name = "DIR", hide_short_help = true)]
    pub root: Option<PathBuf>,
    /// What to do
    #[command(subcommand)]
    pub task: Task,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Run labs and check them against their chapters; without a lab, list them
    Lab(LabArgs),
    /// Grade your exercise/ of a lab
    Exercise(ExerciseArgs),
    /// Work through the exercises: each is graded when you save it
    #[command(disable_help_flag = true)]
    Workshop(WorkshopArgs),
    /// Your own bash in a lab's folder, images built, `docker` being the chosen engine
    Shell(ShellArgs),
    /// Examine your own container with `stoppable`: why does it not stop?
    #[command(disable_help_flag = true)]
    Audit(AuditArgs),
    /// Say what this machine can run, and what to do about what it cannot
    Doctor(DoctorArgs),
    /// Remove all containers, images, processes and files that the labs left
    Clean,
    /// Build every lab's static programs into a folder, for machines without Rust (LAB_PROGRAMS=FOLDER)
    Programs(ProgramsArgs),
    /// Start a new lab: folder, chapter and line in SUMMARY.md
    New(NewArgs),
    /// Check the layout rules; all faults at once
    Tidy,
    /// Build, check or serve the book without an installed mdbook
    #[command(disable_help_flag = true)]
    Book(BookArgs),
    /// Print shell completions: `alias xtask='cargo xtask'; source <(xtask completions bash)`
    Completions(CompletionsArgs),
}
