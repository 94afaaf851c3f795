//! `cargo xtask lab` and `cargo xtask exercise`: which labs, which engine, which report.

use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::unistd::{AccessFlags, access};
use owo_colors::OwoColorize;

use crate::chapter::course::{Course, Lab};
use crate::cli::{ExerciseArgs, Format, LabArgs, Show};
use crate::engine::choice::{Engine, Wanted};
use crate::engine::programs::Which;
use crate::report::outcome::{RunReport, Verdict};
use crate::run::jobs::{self, Job};
use crate::run::lab::Options;
use crate::run::screen;

/// Runs the labs that the reader named, or lists them all.
pub fn lab(course: &Course, arguments: &LabArgs) -> Result<Verdict> {
    if !arguments.all && arguments.labs.is_empty() {
        return list(course, arguments.show.format);
    }
    let labs = named(course, &arguments.labs, arguments.all)?;
    let options = Options {
        bless: arguments.bless,
        step: arguments.show.step,
        keep: arguments.show.keep,
        deny_skip: arguments.deny_skip,
        timeout: Duration::from_secs(arguments.show.timeout),
    };
    let jobs: Vec<Job> = labs
        .into_iter()
        .map(|lab| Job {
            lab,
            which: Which::Lab,
            must_fail: false,
        })
        .collect();
    run(
        course,
        &jobs,
        arguments.engine.engine,
        &options,
        &arguments.show,
    )
}

/// Grades the reader's exercise, or the book's solution; `--check` proves the book's own.
pub fn exercise(course: &Course, arguments: &ExerciseArgs) -> Result<Verdict> {
    if arguments.labs.is_empty() && !arguments.all {
        bail!("which exercise? For example: cargo xtask exercise 3");
    }
    let labs = named(course, &arguments.labs, arguments.all)?;
    let options = Options {
        bless: false,
        step: arguments.show.step,
        keep: arguments.show.keep,
        deny_skip: true,
        timeout: Duration::from_secs(arguments.show.timeout),
    };
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
    run(
        course,
        &jobs,
        arguments.engine.engine,
        &options,
        &arguments.show,
    )
}

fn named(course: &Course, names: &[String], all: bool) -> Result<Vec<Lab>> {
    let mut labs = match all {
        true => course.labs.clone(),
        false => names
            .iter()
            .map(|name| course.find(name))
            .collect::<Result<_>>()?,
    };
    labs.sort();
    labs.dedup();
    Ok(labs)
}

fn list(course: &Course, format: Format) -> Result<Verdict> {
    let (mut rows, mut verdict) = (Vec::new(), Verdict::Passed);
    for lab in &course.labs {
        match course.chapter(lab) {
            Ok(chapter) => rows.push((lab, chapter.title, chapter.question)),
            Err(error) => {
                screen::complain(&format!("{}\n\n", screen::error(&error)));
                verdict = Verdict::CannotRun;
            }
        }
    }
    if format == Format::Json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(lab, title, question)| serde_json::json!({"lab": lab.slug, "title": title, "question": question}))
            .collect();
        screen::print(&format!("{}\n", serde_json::to_string_pretty(&rows)?));
        return Ok(verdict);
    }
    for (lab, title, question) in rows {
        let number = lab.number.trim_start_matches('0');
        screen::print(&format!(
            "{number:>2}  {} ({})\n    {question}\n",
            title.bold(),
            lab.name()
        ));
    }
    screen::print("\nRun one: cargo xtask lab 3. Run all: cargo xtask lab --all --jobs 4\n");
    Ok(verdict)
}

fn run(
    course: &Course,
    jobs: &[Job],
    wanted: Wanted,
    options: &Options,
    show: &Show,
) -> Result<Verdict> {
    if crate::system::process::which("bash").is_none() {
        bail!(
            "bash is not on PATH: the book's commands are typed into it; install it (Debian: apt-get install bash)"
        );
    }
    if options.step
        && (!std::io::stdin().is_terminal() || show.jobs > 1 || show.format == Format::Json)
    {
        bail!("--step needs a terminal to wait for Enter at, one lab at a time, and --format text");
    }
    if let Some(path) = &show.junit {
        can_be_written(path)?;
        // If this run does not come to its report, that of an earlier one must not stand for it.
        let _ = std::fs::remove_file(path);
    }
    let engine = Engine::choose(wanted)?;
    if show.format == Format::Text {
        screen::print(&format!("{} {}\n", "engine:".bold(), engine.describe()));
    }
    let reports = jobs::run(course, jobs, &engine, options, show)?;
    let report = RunReport::new(engine, reports);
    if show.format == Format::Json {
        screen::print(&format!("{}\n", serde_json::to_string_pretty(&report)?));
    } else if report.labs.len() > 1 {
        let count = |verdict| {
            report
                .labs
                .iter()
                .filter(|lab| lab.verdict == verdict)
                .count()
        };
        let (passed, failed) = (count(Verdict::Passed), count(Verdict::Failed));
        let unable = count(Verdict::CannotRun);
        screen::print(&format!(
            "\n{passed} passed, {failed} failed, {unable} could not run\n"
        ));
    }
    if let Some(path) = &show.junit {
        let xml = report.junit().to_string()?;
        std::fs::write(path, xml).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(report.verdict)
}

/// Whether the report can be written when the labs have run: better known before.
fn can_be_written(path: &Path) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let target = if path.exists() { path } else { folder };
    access(target, AccessFlags::W_OK)
        .map_err(std::io::Error::from)
        .and_then(|()| match path.is_dir() {
            true => Err(std::io::ErrorKind::IsADirectory.into()),
            false => Ok(()),
        })
        .with_context(|| format!("--junit: cannot write {}", path.display()))
}
