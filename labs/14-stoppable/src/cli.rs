//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use stoppable::command::draw::Source;
use stoppable::probe::patient::Target;

/// Why does this container not stop? Examined by experiment, explained, mended and proved.
#[derive(Debug, Parser)]
#[command(name = "stoppable", version, after_help = AFTER)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

const AFTER: &str = "Exit status: 0 stoppable, 1 something was found, 2 could not run, 128+N ended by signal N.\n\
    NO_COLOR and CLICOLOR_FORCE are respected.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Stop it in every way that matters, say what is wrong, and prove what helps
    Check(Check),
    /// Only watch: who sends which signal to whom, and what comes of it
    Trace(Trace),
    /// Draw what `trace --json` saw, of one container or of several, as a part of a page
    Draw(Draw),
    /// Why a finding is one, and what to do about it
    Explain {
        /// Its name, as `stoppable check --list` prints it
        finding: String,
    },
    /// The tracer itself; runs in the helper container
    #[command(name = "__trace", hide = true)]
    Inside,
}

/// Flags of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// An image, or a folder with a Dockerfile
    #[arg(required_unless_present_any = ["list", "file"])]
    pub target: Option<String>,
    /// Build this Dockerfile first (its folder is the build context, unless TARGET is a folder)
    #[arg(short, long, value_name = "DOCKERFILE")]
    pub file: Option<PathBuf>,
    /// Name all experiments and findings
    #[arg(long)]
    pub list: bool,
    /// Only these experiments (the stop is always one of them)
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub probes: Vec<String>,
    /// How long `docker stop` waits, in seconds [default: --stop-timeout, or 10]
    #[arg(long, value_name = "SECONDS")]
    pub grace: Option<u64>,
    /// It is ready when a line that it prints fits this regular expression [default: a port of EXPOSE is open, or all
    /// processes sleep]
    #[arg(long, value_name = "REGEX")]
    pub ready: Option<regex_lite::Regex>,
    /// Stop it with requests to this port under way, too
    #[arg(long, value_name = "PORT[/PATH]")]
    pub http: Option<Target>,
    /// How to show the result
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Do not try the fixes
    #[arg(long)]
    pub no_prove: bool,
    /// Apply the fixes that were proved to the folder's files
    #[arg(long, conflicts_with = "no_prove")]
    pub write: bool,
    /// Do not trace: look from outside only
    #[arg(long)]
    pub no_trace: bool,
    /// The tracer's image, if not one that is made of this program and removed in the end
    #[arg(
        long,
        value_name = "IMAGE",
        env = "STOPPABLE_TRACER",
        conflicts_with = "no_trace"
    )]
    pub tracer: Option<String>,
    /// What to work with [default: docker, podman or pocket, whichever is on PATH first]
    #[arg(long, value_name = "PROGRAM", env = "STOPPABLE_ENGINE")]
    pub engine: Option<PathBuf>,
    /// Options for `docker run`: -e NAME=value, -v ..., --init
    #[arg(last = true, value_name = "OPTIONS")]
    pub options: Vec<String>,
}

/// Flags of `trace`.
#[derive(Debug, Args)]
pub struct Trace {
    /// A running container, or an image to start and to stop
    pub target: String,
    /// Events as JSON, one a line; each line of standard input asks who is there now (a running container)
    #[arg(long)]
    pub json: bool,
    /// Of a running container: tell of TCP connections to its ports, too
    #[arg(long)]
    pub connections: bool,
    /// Draw the stop of an image into this file
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// The tracer's image, if not one that is made of this program and removed in the end
    #[arg(long, value_name = "IMAGE", env = "STOPPABLE_TRACER")]
    pub tracer: Option<String>,
    /// What to work with [default: docker, podman or pocket, whichever is on PATH first]
    #[arg(long, value_name = "PROGRAM", env = "STOPPABLE_ENGINE")]
    pub engine: Option<PathBuf>,
    /// Options for `docker run`, for an image
    #[arg(last = true, value_name = "OPTIONS")]
    pub options: Vec<String>,
}

/// Flags of `draw`.
#[derive(Debug, Args)]
pub struct Draw {
    /// Where to write the drawing
    pub out: PathBuf,
    /// A part of the drawing: what stands below it (nothing: the containers' names), and the events of one container, or of
    /// several on one axis of time, each behind a line {"container": NAME}
    #[arg(long = "panel", value_name = "TITLE=FILE", required = true)]
    pub panels: Vec<Source>,
    /// Lines of JSON with what no tracer sees: {"at": SECONDS, "lost": COUNT}, {"at": SECONDS, "note": TEXT}, and what
    /// `docker events --format '{{json .}}'` prints. A panel takes those of its time: a line {"from": SECONDS, "to": SECONDS}
    #[arg(long, value_name = "FILE")]
    pub extra: Option<PathBuf>,
    /// Compare the order of what happened with that in an earlier drawing; prints the difference, and ends with 1
    #[arg(long, value_name = "DRAWING")]
    pub compare: Option<PathBuf>,
}

/// How to show the result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal
    #[default]
    Text,
    /// The verdict, then a line for each finding: its severity and its name
    Brief,
    /// One document for machines
    Json,
    /// For a pull request
    Markdown,
    /// One page, with a picture
    Html,
}
