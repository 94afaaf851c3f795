//! `cargo xtask exercise`: grades an exercise, or proves that it can be graded.

use anyhow::{Result, bail};
use clap::Args;

use crate::chapter::course::{Course, Lab};
use crate::chapter::mutants;
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
    /// Grade one of the wrong answers that the book keeps in mutants/, to see how it is refused
    #[arg(long, value_name = "NAME", conflicts_with_all = ["solution", "check"])]
    pub mutant: Option<String>,
    /// For the book's authors: every start must fail with its first hint, every wrong answer in mutants/ with the hint
    /// that its list names, and every solution pass
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
    let jobs: Vec<Job> = if arguments.check {
        all_answers(course, &labs)?
    } else {
        let which = match (&arguments.mutant, arguments.solution) {
            (Some(name), _) => known(course, &labs, name)?,
            (None, true) => Which::Solution,
            (None, false) => Which::Exercise,
        };
        labs.iter().map(|lab| job(lab, which.clone())).collect()
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

fn job(lab: &Lab, which: Which) -> Job {
    Job {
        lab: lab.clone(),
        which,
        refusal: None,
    }
}

/// Every answer that the book has, and the hint that each wrong one is to get.
fn all_answers(course: &Course, labs: &[Lab]) -> Result<Vec<Job>> {
    let mut answers: Vec<Vec<Job>> = Vec::new();
    for lab in labs {
        let first = course.chapter(lab)?.hints.into_iter().next();
        let mut jobs = vec![Job {
            refusal: Some(first.map(|hint| hint.key).unwrap_or_default()),
            ..job(lab, Which::Exercise)
        }];
        for mutant in mutants::read(&course.folder(lab))? {
            jobs.push(Job {
                refusal: Some(mutant.hint),
                ..job(lab, Which::Mutant(mutant.name))
            });
        }
        jobs.push(job(lab, Which::Solution));
        answers.push(jobs);
    }
    // The answers to one exercise share its lock: the first of each lab, then the second of each, ...
    let rounds = answers.iter().map(Vec::len).max().unwrap_or(0);
    let mut answers: Vec<_> = answers.into_iter().map(Vec::into_iter).collect();
    let rounds = (0..rounds).flat_map(|_| {
        answers
            .iter_mut()
            .filter_map(Iterator::next)
            .collect::<Vec<_>>()
    });
    Ok(rounds.collect())
}

/// The wrong answer of that name; an error says which there are.
fn known(course: &Course, labs: &[Lab], name: &str) -> Result<Which> {
    for lab in labs {
        let list = mutants::read(&course.folder(lab))?;
        if !list.iter().any(|mutant| mutant.name == name) {
            let known: Vec<&str> = list.iter().map(|mutant| mutant.name.as_str()).collect();
            bail!(
                "{} keeps no wrong answer `{name}`; it has: {}",
                lab.slug,
                known.join(", ")
            );
        }
    }
    Ok(Which::Mutant(name.to_owned()))
}
