//! `cargo xtask exercise`: grades an exercise, or proves that it can be graded.

use anyhow::{Result, bail};
use clap::Args;

use crate::chapter::course::Course;
use crate::commands::flags::{EngineFlag, Labs, Show};
use crate::commands::session;
use crate::engine::programs::Which;
use crate::report::verdict::Verdict;
use crate::run::job::Job;

/// `cargo xtask exercise`
#[derive(Debug, Args)]
pub struct ExerciseArgs {
    #[command(flatten)]
    pub which: Labs,
    /// Grade the book's solution/ instead
    #[arg(long)]
    pub solution: bool,
    /// For the book's authors: every start must fail for the reason of its first hint, every solution pass
    #[arg(long, conflicts_with = "solution")]
    pub check: bool,
    #[command(flatten)]
    pub engine: EngineFlag,
    #[command(flatten)]
    pub show: Show,
}

/// Grades the reader's exercise, or the book's solution; `--check` proves the book's own.
pub fn exercise(course: &Course, arguments: &ExerciseArgs) -> Result<Verdict> {
    if arguments.which.labs.is_empty() && !arguments.which.all {
        bail!("which exercise? For example: cargo xtask exercise 3");
    }
    let labs = session::named(course, &arguments.which)?;
    let mut options = session::options(&arguments.show);
    options.deny_skip = true;
    let jobs = |which, must_fail| {
        labs.iter().map(move |lab| Job {
            lab: lab.clone(),
            which,
            must_fail,
        })
    };
    let jobs: Vec<Job> = match (arguments.check, arguments.solution) {
        // All starts, then all solutions: the two of one lab share its lock.
        (true, _) => jobs(Which::Exercise, true)
            .chain(jobs(Which::Solution, false))
            .collect(),
        (false, true) => jobs(Which::Solution, false).collect(),
        (false, false) => jobs(Which::Exercise, false).collect(),
    };
    session::run(
        course,
        &jobs,
        &arguments.engine,
        &options,
        &arguments.show,
        &|_, _| (),
        1,
    )
}
