//! Flags that several commands share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::engine::choice::Kind;

/// The engine, where it can be chosen.
#[derive(Debug, Args)]
pub struct EngineFlag {
    /// The container engine; auto takes docker if its daemon answers, else podman, else pocket
    #[arg(long, value_enum, default_value = "auto", env = "LAB_ENGINE")]
    engine: Wanted,
}

impl EngineFlag {
    /// The engine that is asked for; none is the first that works.
    pub fn kind(&self) -> Option<Kind> {
        match self.engine {
            Wanted::Auto => None,
            Wanted::Docker => Some(Kind::Docker),
            Wanted::Podman => Some(Kind::Podman),
            Wanted::Pocket => Some(Kind::Pocket),
        }
    }
}

/// What `--engine` may ask for.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Wanted {
    /// docker if a daemon answers, else podman if it works, else pocket.
    Auto,
    /// The Docker CLI and its daemon.
    Docker,
    /// podman.
    Podman,
    /// The project's own engine: no daemon, no root, no network.
    Pocket,
}

/// Which labs; shared by `lab` and `exercise`.
#[derive(Debug, Args)]
pub struct Labs {
    /// 3, 03, shell-form or 03-shell-form; several are fine
    #[arg(value_name = "LABS")]
    pub labs: Vec<String>,
    /// Every lab of the book
    #[arg(long, conflicts_with = "labs")]
    pub all: bool,
}

/// How results are shown; shared by `lab` and `exercise`.
#[derive(Debug, Args)]
pub struct Show {
    /// Show failures only
    #[arg(long, short)]
    pub quiet: bool,
    /// For people or for machines: one JSON document in the end, or a line of JSON for all that happens
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

/// Who reads the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A person.
    Text,
    /// A program, in the end.
    Json,
    /// A program that follows: one JSON object a line, as it happens (events.schema.json).
    Jsonl,
}
