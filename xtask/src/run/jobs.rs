//! Runs labs side by side: programs built in one go, output kept apart, progress shown.

use std::collections::VecDeque;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::Result;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use owo_colors::OwoColorize;

use crate::chapter::course::{Course, Lab};
use crate::cli::{Format, Show};
use crate::engine::choice::Engine;
use crate::engine::programs::{self, DoesNotCompile, Which};
use crate::report::outcome::{LabReport, Verdict};
use crate::run::lab::{self, Options};
use crate::run::screen::{self, Screen};
use crate::system::interrupt::{self, Interrupted};

/// One thing to run.
#[derive(Debug, Clone)]
pub struct Job {
    /// The lab.
    pub lab: Lab,
    /// The lab itself, its exercise or its solution.
    pub which: Which,
    /// Passes if it fails, and for the reason that the chapter's first hint names.
    pub must_fail: bool,
}

impl Job {
    /// What progress and reports call it.
    fn name(&self) -> String {
        match self.which.folder() {
            None => self.lab.slug.clone(),
            Some(folder) => format!("{} {folder}", self.lab.slug),
        }
    }
}

/// Runs all of `jobs`, `show.jobs` at a time. The reports come in no order.
pub fn run(
    course: &Course,
    jobs: &[Job],
    engine: &Engine,
    options: &Options,
    show: &Show,
) -> Result<Vec<LabReport>> {
    let board = Board::new(jobs.len() > 1);
    let broken = {
        let _bar = board.bar("building the labs' programs");
        stage(course, jobs)?
    };
    let side_by_side = usize::from(show.jobs).min(jobs.len());
    let queue: Mutex<VecDeque<&Job>> = Mutex::new(jobs.iter().collect());
    let reports = Mutex::new(Vec::new());
    let work = || -> Result<(), Interrupted> {
        loop {
            let Some(job) = lock(&queue).pop_front() else {
                return Ok(());
            };
            interrupt::check()?;
            let mut screen = match (show.format, show.quiet || job.must_fail, side_by_side) {
                (Format::Json, ..) => Screen::Silent,
                (Format::Text, true, _) => Screen::Quiet(String::new()),
                (Format::Text, false, 1) => Screen::Live,
                (Format::Text, false, _) => Screen::Kept(String::new()),
            };
            // A transcript that is shown as it comes is its own progress; a bar would write into it.
            let live = matches!(screen, Screen::Live);
            let bar = (!live).then(|| board.bar(&job.name()));
            let mut report = match broken.iter().find(|broken| broken.is(job)) {
                Some(broken) => broken.report(),
                None => lab::run(
                    course,
                    &job.lab,
                    job.which,
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
            if job.must_fail {
                report = turn_around(course, &job.lab, report);
            }
            report.lab = job.name();
            screen.verdict(&report);
            drop(bar);
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

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What is behind our locks is whole after each statement: a panic elsewhere spoils nothing.
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A start is right if it fails, and with the first hint of the chapter.
fn turn_around(course: &Course, lab: &Lab, mut report: LabReport) -> LabReport {
    let first = course
        .chapter(lab)
        .ok()
        .and_then(|chapter| chapter.hints.into_iter().next());
    let (verdict, problem) = match report.verdict {
        Verdict::CannotRun => return report,
        Verdict::Passed => (
            Verdict::Failed,
            Some("the start passes: there is nothing to learn".to_owned()),
        ),
        Verdict::Failed
            if first
                .as_ref()
                .is_some_and(|first| report.hint_key.as_ref() == Some(&first.key)) =>
        {
            (Verdict::Passed, None)
        }
        Verdict::Failed => {
            let expected = first.map(|hint| hint.key).unwrap_or_default();
            let got = report.hint_key.take().unwrap_or_else(|| "none".into());
            let problem = report.problem.take().unwrap_or_default();
            let text = format!(
                "the start fails, but with hint `{got}`, not with the first, `{expected}`\n{problem}"
            );
            (Verdict::Failed, Some(text))
        }
    };
    // What was wrong is right here: no step of it counts as failed.
    report
        .steps
        .iter_mut()
        .for_each(|step| step.passed = step.passed || verdict == Verdict::Passed);
    LabReport {
        verdict,
        problem,
        hint: None,
        hint_key: None,
        ..report
    }
}

/// A job whose programs do not compile.
struct Broken {
    lab: Lab,
    which: Which,
    verdict: Verdict,
    problem: String,
}

impl Broken {
    fn is(&self, job: &Job) -> bool {
        (&self.lab, self.which) == (&job.lab, job.which)
    }

    fn report(&self) -> LabReport {
        let mut report = LabReport::new(&self.lab);
        report.verdict = self.verdict;
        report.problem = Some(format!("{} {}", "error:".red().bold(), self.problem));
        report
    }
}

/// Builds all programs in one go; if that fails, job by job, so that one that is broken stops only itself.
fn stage(course: &Course, jobs: &[Job]) -> Result<Vec<Broken>> {
    let book = |job: &Job| (job.lab.clone(), Which::Lab);
    let own = |job: &Job| (job.lab.clone(), job.which);
    let all: Vec<(Lab, Which)> = jobs.iter().flat_map(|job| [book(job), own(job)]).collect();
    let Err(error) = programs::stage(course, &all) else {
        return Ok(Vec::new());
    };
    error.downcast::<DoesNotCompile>()?;
    let mut broken = Vec::new();
    for job in jobs {
        // The reader's own program is the reader's answer, but only where the book's own compiles.
        let readers_own = match job.which {
            Which::Exercise => Verdict::Failed,
            Which::Lab | Which::Solution => Verdict::CannotRun,
        };
        let tries = [(book(job), Verdict::CannotRun), (own(job), readers_own)];
        for (program, verdict) in tries {
            if let Err(error) = programs::stage(course, &[program]) {
                broken.push(Broken {
                    lab: job.lab.clone(),
                    which: job.which,
                    verdict,
                    problem: error.downcast::<DoesNotCompile>()?.to_string(),
                });
                break;
            }
        }
    }
    Ok(broken)
}

/// Progress on standard error: bars on a terminal, a line a lab elsewhere.
struct Board {
    bars: Option<MultiProgress>,
    lines: bool,
}

struct Bar {
    bar: Option<ProgressBar>,
    prefix: String,
}

impl Board {
    fn new(several: bool) -> Board {
        let terminal = std::io::stderr().is_terminal();
        Board {
            bars: terminal.then(MultiProgress::new),
            lines: several && !terminal,
        }
    }

    fn bar(&self, prefix: &str) -> Bar {
        if self.lines {
            screen::complain(&format!("{prefix} ...\n"));
        }
        let bar = self.bars.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
                bar.set_style(style);
            }
            bar.set_message(prefix.to_owned());
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Bar {
            bar,
            prefix: prefix.to_owned(),
        }
    }

    fn suspend(&self, print: impl FnOnce()) {
        match &self.bars {
            Some(bars) => bars.suspend(print),
            None => print(),
        }
    }
}

impl Bar {
    fn say(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{} {what}", self.prefix));
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
