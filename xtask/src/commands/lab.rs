//! `cargo xtask lab`: runs labs and checks them against their chapters.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use crate::author::bless::bless;
use crate::chapter::course::Course;
use crate::commands::flags::{EngineFlag, Labs, Show};
use crate::commands::{list, session};
use crate::engine::programs::{self, Which};
use crate::report::outcome::LabReport;
use crate::report::text;
use crate::report::verdict::Verdict;
use crate::run::job::Job;
use crate::run::options::Wanted;

/// `cargo xtask lab`
#[derive(Debug, Args)]
pub struct LabArgs {
    #[command(flatten)]
    pub which: Labs,
    #[command(flatten)]
    pub engine: EngineFlag,
    #[command(flatten)]
    pub show: Show,
    /// Rewrite the chapter with what happened; wildcards that still match stay
    #[arg(long)]
    pub bless: bool,
    /// Run it all N times, but stop at the first run that does not pass: what fails now and then is found so
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "bless", value_parser = clap::value_parser!(u32).range(1..))]
    pub repeat: u32,
    /// Count a skipped block as a failure
    #[arg(long)]
    pub deny_skip: bool,
    /// Only these console blocks, by their numbers on the page (from 1), and those before them, which they may need
    #[arg(long, value_name = "N,...", value_delimiter = ',', conflicts_with_all = ["bless", "all"])]
    pub blocks: Option<Vec<usize>>,
    /// Trace the blocks that have a picture, draw into DIR what happens, and compare its order with the book's pictures
    /// (with --bless: they become the book's)
    #[arg(long, value_name = "DIR")]
    pub pictures: Option<PathBuf>,
}

/// Runs the labs that the reader named, or lists them all.
pub fn lab(course: &Course, arguments: &LabArgs) -> Result<Verdict> {
    if !arguments.which.all && arguments.which.labs.is_empty() {
        return list::list(course, arguments.show.format);
    }
    let mut options = session::options(&arguments.show);
    options.go_on = arguments.bless;
    options.deny_skip = arguments.deny_skip;
    options.blocks = arguments.blocks.clone();
    if options.blocks.is_some() && arguments.which.labs.len() != 1 {
        bail!("--blocks counts the blocks of one chapter: name one lab");
    }
    if let Some(folder) = &arguments.pictures {
        options.pictures = Some(Wanted {
            folder: std::path::absolute(folder)?,
            stoppable: programs::stoppable()?,
            bless: arguments.bless,
        });
    }
    let job = |lab| Job {
        lab,
        which: Which::Lab,
        refusal: None,
    };
    let jobs: Vec<Job> = session::named(course, &arguments.which)?
        .into_iter()
        .map(job)
        .collect();
    let finish = |job: &Job, report: &mut LabReport| {
        if arguments.bless
            && let Err(error) = bless(course, &job.lab, report)
        {
            report.verdict = Verdict::CannotRun;
            report.problem = Some(text::error(&error));
        }
    };
    session::run(
        course,
        &jobs,
        &arguments.engine,
        &options,
        &arguments.show,
        &finish,
        arguments.repeat,
    )
}
