//! The workshop: a learner's screen. It watches the files of an exercise, has the runner grade them when they are saved, and
//! shows what failed and, asked, one hint after the other.
//!
//! A program of its own, in a workspace of its own, that starts the runner as a child: what a learner's screen needs must
//! not slow the first lab down.

mod course;
mod events;
mod learner;
mod paper;
mod plain;
mod progress;
mod room;
mod run;
mod screen;
mod source;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::course::Course;
use crate::events::Events;
use crate::learner::Learner;
use crate::room::Seat;
use crate::run::Runner;

/// Work through the exercises: each is graded when you save it.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask workshop",
    bin_name = "cargo xtask workshop",
    after_help = "Keys: h a hint, n next, p previous, l list, r run the chapter's lab, b the chapter in the browser, \
                  x reset, s solution, g grade again, q quit. A number and Enter goes to that exercise.\n\
                  Progress is kept in .workshop/ of the checkout, with a copy of whatever `reset` takes away."
)]
struct Cli {
    /// The exercise to begin with: 3, 03, shell-form or 03-shell-form [default: the first that is not done]
    exercise: Option<String>,
    /// No screen that is drawn again, no colours: lines only, commands are words and Enter. What a screen reader wants,
    /// and what you get when the output is no terminal
    #[arg(long)]
    plain: bool,
    /// Join the room of a leader: what was graded, and how it came out, is sent there, and nothing else
    #[arg(long, value_name = "URL", requires_all = ["code", "name"])]
    join: Option<String>,
    /// The room's code: the leader reads it out
    #[arg(long, value_name = "CODE", requires = "join")]
    code: Option<String>,
    /// What you are called there
    #[arg(long, value_name = "NAME", requires = "join")]
    name: Option<String>,
    /// Leave the room: it forgets you
    #[arg(long, conflicts_with_all = ["join", "exercise"])]
    leave: bool,
    /// The container engine: auto takes docker if its daemon answers, else podman, else pocket
    #[arg(long, default_value = "auto", env = "LAB_ENGINE", value_parser = ["auto", "docker", "podman", "pocket"])]
    engine: String,
}

/// Where the runner is: `cargo xtask` says it.
const RUNNER: &str = "TRAPPING_SIGNALS_XTASK";

/// Where the checkout is: `cargo xtask` says it.
const CHECKOUT: &str = "TRAPPING_SIGNALS_CHECKOUT";

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            // Where nobody reads, the status says it.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: &Cli) -> Result<u8> {
    let told = |name: &str| {
        let value = std::env::var_os(name).map(PathBuf::from);
        value.with_context(|| format!("{name} is not set: start this as `cargo xtask workshop`"))
    };
    let (program, root) = (told(RUNNER)?, told(CHECKOUT)?);
    if cli.leave {
        let seat = Seat::kept(&root).context("you are in no room")?;
        let name = seat.name.clone();
        seat.leave(&root)?;
        println!("The room has forgotten {name}.");
        return Ok(0);
    }
    let runner = Runner::new(program, root.clone(), cli.engine.clone());
    let course = Course::read(&runner)?;
    source::keep_starts(&root, &course)?;
    let progress = progress::Progress::open(&root)?;
    let at = match &cli.exercise {
        Some(wanted) => course.find(wanted)?,
        None => progress.first_open(&root, &course),
    };
    let seat = match (&cli.join, &cli.code, &cli.name) {
        (Some(url), Some(code), Some(name)) => Some(Seat::join(&root, url, code, name)?),
        _ => Seat::kept(&root),
    };
    let drawn = !cli.plain && std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    let events = Events::start(&root, &course, drawn)?;
    let mut learner = Learner::new(course, root, runner, progress, at, events.sender());
    if let Some(seat) = seat {
        learner.sit(seat);
    }
    match drawn {
        true => screen::run(learner, &events),
        false => plain::run(learner, &events),
    }
}
