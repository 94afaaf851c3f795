//! The command line, and nothing else.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::engine::choice::Wanted;

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
    /// The course's folder, if not the one this runner was built from
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
    /// Your own bash in a lab's folder, images built, `docker` being the chosen engine
    Shell {
        /// 3, 03, shell-form or 03-shell-form
        lab: String,
        #[command(flatten)]
        engine: EngineArg,
    },
    /// Say what this machine can run, and what to do about what it cannot
    Doctor {
        /// For people or for machines
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
    /// Remove all containers, images, processes and files that the labs left
    Clean,
    /// Build every lab's static programs into a folder, for machines without Rust (LAB_PROGRAMS=FOLDER)
    Programs {
        /// Where to put them
        folder: PathBuf,
    },
    /// Start a new lab: folder, chapter and line in SUMMARY.md
    New {
        /// Two digits and a name: 14-cgroups
        slug: String,
    },
    /// Check the layout rules; all faults at once
    Tidy,
    /// Build, check or serve the book without an installed mdbook
    #[command(disable_help_flag = true)]
    Book {
        /// build, check or serve; `book --help` says more
        #[arg(
            trailing_var_arg = true,
            allow_hyphen_values = true,
            value_name = "ARGS"
        )]
        arguments: Vec<String>,
    },
    /// Print shell completions: `alias xtask='cargo xtask'; source <(xtask completions bash)`
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// The engine, where it can be chosen.
#[derive(Debug, Args)]
pub struct EngineArg {
    /// The container engine; auto takes docker if its daemon answers, else podman, else pocket
    #[arg(long, value_enum, default_value = "auto", env = "LAB_ENGINE")]
    pub engine: Wanted,
}

/// How results are shown; shared by `lab` and `exercise`.
#[derive(Debug, Args)]
pub struct Show {
    /// Show failures only
    #[arg(long, short)]
    pub quiet: bool,
    /// For people or for machines (one JSON document on standard output)
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Also write a JUnit report
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// How long one command may take
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: u64,
    /// Leave the containers running at the end; the next run, or `clean`, removes them
    #[arg(long)]
    pub keep: bool,
    /// How many labs run side by side
    #[arg(long, short, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,
    /// Wait for Enter before each command: for a presenter
    #[arg(long, conflicts_with_all = ["quiet"])]
    pub step: bool,
}

/// `cargo xtask lab`
#[derive(Debug, Args)]
pub struct LabArgs {
    /// 3, 03, shell-form or 03-shell-form; several are fine
    pub labs: Vec<String>,
    /// Every lab of the book
    #[arg(long, conflicts_with = "labs")]
    pub all: bool,
    #[command(flatten)]
    pub engine: EngineArg,
    #[command(flatten)]
    pub show: Show,
    /// Rewrite the chapter with what happened; wildcards that still match stay
    #[arg(long)]
    pub bless: bool,
    /// Count a skipped block as a failure
    #[arg(long)]
    pub deny_skip: bool,
}

/// `cargo xtask exercise`
#[derive(Debug, Args)]
pub struct ExerciseArgs {
    /// 3, 03, shell-form or 03-shell-form; several are fine
    pub labs: Vec<String>,
    /// Every lab of the book
    #[arg(long, conflicts_with = "labs")]
    pub all: bool,
    /// Grade the book's solution/ instead
    #[arg(long)]
    pub solution: bool,
    /// For the book's authors: every start must fail for the reason of its first hint, every solution pass
    #[arg(long, conflicts_with = "solution")]
    pub check: bool,
    #[command(flatten)]
    pub engine: EngineArg,
    #[command(flatten)]
    pub show: Show,
}

/// Who reads the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A person.
    Text,
    /// A program.
    Json,
}
