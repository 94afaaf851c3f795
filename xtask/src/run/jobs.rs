//! Runs labs side by side: output kept apart, progress shown.

use std::collections::VecDeque;
use std::sync::Mutex;

use anyhow::Result;

use crate::chapter::course::{Course, Lab};
use crate::engine::choice::Engine;
use crate::report::outcome::LabReport;
use crate::run::job::Job;
use crate::run::lab;
use crate::run::options::{Options, Shown};
use crate::run::progress::Board;
use crate::run::refusal::turn_around;
use crate::run::screen::Screen;
use crate::run::staging::stage;
use crate::system::interrupt::{self, Interrupted};

/// Runs all of `jobs`, some at a time. The reports come in no order; `finish` has the last word on each.
pub fn run(
    course: &Course,
    jobs: &[Job],
    engine: &Engine,
    options: &Options,
    finish: &(dyn Fn(&Job, &mut LabReport) + Sync),
) -> Result<Vec<LabReport>> {
    let board = Board::new(jobs.len() > 1);
    let broken = {
        let _bar = board.bar("building the labs' programs");
        stage(course, jobs)?
    };
    let side_by_side = options.side_by_side.min(jobs.len());
    let queue: Mutex<VecDeque<&Job>> = Mutex::new(jobs.iter().collect());
    let busy: Mutex<Vec<&Lab>> = Mutex::new(Vec::new());
    let reports = Mutex::new(Vec::new());
    let work = || -> Result<(), Interrupted> {
        loop {
            let Some(job) = next(&mut lock(&queue), &mut lock(&busy)) else {
                return Ok(());
            };
            interrupt::check()?;
            let mut screen = match (options.shown, side_by_side) {
                (Shown::Nothing, _) => Screen::Silent,
                (Shown::Events, _) => Screen::Events(job.name()),
                (Shown::Failures, _) => Screen::Quiet(String::new()),
                // An answer that is refused as it should be is no news.
                (Shown::All, _) if job.refusal.is_some() => Screen::Quiet(String::new()),
                (Shown::All, 1) => Screen::Live,
                (Shown::All, _) => Screen::Kept(String::new()),
            };
            // A transcript that is shown as it comes is its own progress; a bar would write into it.
            let is_progress = matches!(screen, Screen::Live);
            let bar = (!is_progress).then(|| board.bar(&job.name()));
            let mut report = match broken.iter().find(|broken| broken.is(job)) {
                Some(broken) => broken.report(),
                None => lab::run(
                    course,
                    &job.lab,
                    &job.which,
                    engine,
                    options,
                    &mut screen,
                    &|what| {
                        if let Some(bar) = &bar {
                            bar.say(what);
                        }
                    },
                )?,
            };
            if let Some(hint) = &job.refusal {
                report = turn_around(hint, report);
            }
            finish(job, &mut report);
            report.lab = job.name();
            screen.verdict(&report);
            drop(bar);
            lock(&busy).retain(|lab| **lab != job.lab);
            board.suspend(|| screen.flush());
            lock(&reports).push(report);
        }
    };
    if side_by_side > 1 {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..side_by_side).map(|_| scope.spawn(work)).collect();
            // A thread that panicked has unwound, and so cleaned up; its panic is ours.
            threads
                .into_iter()
                .map(|thread| {
                    thread
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect::<Result<Vec<()>, _>>()
        })?;
    } else {
        work()?;
    }
    Ok(reports
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// The first job whose lab nobody is at. A lab has one sandbox: those who are at the labs of what is left will do that, too.
fn next<'a>(queue: &mut VecDeque<&'a Job>, busy: &mut Vec<&'a Lab>) -> Option<&'a Job> {
    let free = queue.iter().position(|job| !busy.contains(&&job.lab))?;
    let job = queue.remove(free)?;
    busy.push(&job.lab);
    Some(job)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What is behind our locks is whole after each statement: a panic elsewhere spoils nothing.
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
