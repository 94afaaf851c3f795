//! What `lab` and `exercise` have in common: which labs, what must be there first, and the reports.

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::{Result, bail};
use owo_colors::OwoColorize;

use crate::chapter::course::{Course, Lab};
use crate::commands::flags::{EngineFlag, Format, Labs, Show};
use crate::commands::junit::Junit;
use crate::engine::choice::Engine;
use crate::report::outcome::{LabReport, Repeat, RunReport};
use crate::report::verdict::Verdict;
use crate::report::{json, text};
use crate::run::job::Job;
use crate::run::jobs;
use crate::run::options::{Options, Shown};
use crate::system::checkout;
use crate::system::print::{complain, print};
use crate::system::process::which;

/// The labs that the reader named, in the book's order.
pub fn named(course: &Course, wanted: &Labs) -> Result<Vec<Lab>> {
    let mut labs = match wanted.all {
        true => course.labs.clone(),
        false => wanted
            .labs
            .iter()
            .map(|name| course.find(name))
            .collect::<Result<_>>()?,
    };
    labs.sort();
    labs.dedup();
    Ok(labs)
}

/// The options that the flags ask for.
pub fn options(show: &Show) -> Options {
    Options {
        go_on: false,
        step: show.step,
        keep: show.keep,
        deny_skip: false,
        timeout: Duration::from_secs(show.timeout),
        side_by_side: show.jobs.into(),
        shown: match (show.format, show.quiet) {
            (Format::Json, _) => Shown::Nothing,
            (Format::Jsonl, _) => Shown::Events,
            (Format::Text, true) => Shown::Failures,
            (Format::Text, false) => Shown::All,
        },
        blocks: None,
        pictures: None,
    }
}

/// Runs the jobs, up to `times` times, and writes the reports that the flags ask for. `finish` has the last word on each
/// lab.
pub fn run(
    course: &Course,
    jobs: &[Job],
    engine: &EngineFlag,
    options: &Options,
    show: &Show,
    finish: &(dyn Fn(&Job, &mut LabReport) + Sync),
    times: u32,
) -> Result<Verdict> {
    if which("bash").is_none() {
        bail!(
            "bash is not on PATH: the book's commands are typed into it; install it (Debian: apt-get install bash)"
        );
    }
    if options.step
        && (!std::io::stdin().is_terminal() || show.jobs > 1 || show.format != Format::Text)
    {
        bail!("--step needs a terminal to wait for Enter at, one lab at a time, and --format text");
    }
    checkout::is_writable(&course.root)?;
    let junit = show.junit.as_deref().map(Junit::prepare).transpose()?;
    let engine = Engine::choose(engine.kind())?;
    if show.format == Format::Text {
        print(&format!("{} {}\n", "engine:".bold(), engine.describe()));
    }
    let mut number = 1;
    let report = loop {
        let repeat = (times > 1).then_some(Repeat {
            run: number,
            of: times,
        });
        if let Some(repeat) = repeat {
            let text = format!("{repeat}\n");
            match show.format {
                Format::Text => print(&text),
                Format::Json | Format::Jsonl => complain(&text),
            }
        }
        let labs = jobs::run(course, jobs, &engine, options, finish)?;
        let report = RunReport::new(engine.report(), labs, repeat);
        if show.format == Format::Text {
            print(&text::summary(&report));
        }
        if report.verdict != Verdict::Passed || number == times {
            break report;
        }
        number += 1;
    };
    if show.format == Format::Json {
        print(&json::render(&report)?);
    }
    if let Some(junit) = junit {
        junit.write(&report)?;
    }
    Ok(report.verdict)
}
