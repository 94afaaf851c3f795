//! `cargo xtask lab` and `cargo xtask exercise`: lists, builds, runs side by side, reports.

use std::collections::VecDeque;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use owo_colors::OwoColorize;

use crate::cli::{ExerciseArgs, Format, LabArgs, Show};
use crate::course::{Course, Lab};
use crate::engine::Engine;
use crate::interrupt::{self, Interrupted};
use crate::programs::{self, DoesNotCompile, Which};
use crate::report::{LabReport, RunReport, Verdict};
use crate::run::{self, Options};
use crate::screen::{self, Screen};

/// Runs the labs that the reader named, or lists them all.
pub fn lab(course: &Course, arguments: &LabArgs) -> Result<Verdict> {
    if !arguments.all && arguments.labs.is_empty() {
        return list(course, arguments.show.format);
    }
    let mut labs = if arguments.all {
        course.labs.clone()
    } else {
        arguments.labs.iter().map(|name| course.find(name)).collect::<Result<_>>()?
    };
    labs.sort();
    labs.dedup();
    let options = Options {
        which: Which::Lab,
        bless: arguments.bless,
        step: arguments.show.step,
        keep: arguments.show.keep,
        deny_skip: arguments.deny_skip,
        timeout: Duration::from_secs(arguments.show.timeout),
    };
    let engine = Engine::choose(arguments.engine.engine)?;
    run(course, &labs, engine, &options, &arguments.show, usize::from(arguments.jobs))
}

/// Grades the reader's exercise, or the book's solution.
pub fn exercise(course: &Course, arguments: &ExerciseArgs) -> Result<Verdict> {
    let lab = course.find(&arguments.lab)?;
    let options = Options {
        which: if arguments.solution { Which::Solution } else { Which::Exercise },
        bless: false,
        step: arguments.show.step,
        keep: arguments.show.keep,
        deny_skip: true,
        timeout: Duration::from_secs(arguments.show.timeout),
    };
    let engine = Engine::choose(arguments.engine.engine)?;
    run(course, &[lab], engine, &options, &arguments.show, 1)
}

fn list(course: &Course, format: Format) -> Result<Verdict> {
    let mut rows = Vec::new();
    for lab in &course.labs {
        let chapter = course.chapter(lab)?;
        rows.push((lab, chapter.title, chapter.question));
    }
    if format == Format::Json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(lab, title, question)| serde_json::json!({"lab": lab.slug, "title": title, "question": question}))
            .collect();
        screen::print(&format!("{}\n", serde_json::to_string_pretty(&rows)?));
        return Ok(Verdict::Passed);
    }
    let width = rows.iter().map(|(lab, ..)| lab.slug.len()).max().unwrap_or(0);
    for (lab, title, question) in rows {
        screen::print(&format!("{:width$}  {}\n{:width$}  {question}\n", lab.slug.bold(), title.bold(), ""));
    }
    Ok(Verdict::Passed)
}

fn run(
    course: &Course,
    labs: &[Lab],
    engine: Engine,
    options: &Options,
    show: &Show,
    jobs: usize,
) -> Result<Verdict> {
    if crate::process::which("bash").is_none() {
        bail!("bash is not on PATH: the book's commands are typed into it; install it (Debian: apt-get install bash)");
    }
    if options.step && (!std::io::stdin().is_terminal() || jobs > 1 || show.format == Format::Json) {
        bail!("--step needs a terminal to wait for Enter at, one lab at a time, and --format text");
    }
    let text = show.format == Format::Text;
    if text && !show.quiet {
        screen::print(&format!("{} {}\n", "engine:".bold(), engine.describe()));
    }
    let board = Board::new(labs.len() > 1 || !text || show.quiet);
    let bar = board.bar("building the labs' programs");
    let broken = stage(course, labs, options.which)?;
    drop(bar);
    let queue: Mutex<VecDeque<&Lab>> = Mutex::new(labs.iter().collect());
    let reports = Mutex::new(Vec::new());
    let jobs = jobs.min(labs.len());
    let work = || -> Result<(), Interrupted> {
        loop {
            let next = queue.lock().ok().and_then(|mut queue| queue.pop_front());
            let Some(lab) = next else { return Ok(()) };
            interrupt::check()?;
            let mut screen = match () {
                () if !text || show.quiet => Screen::Quiet,
                () if jobs > 1 => Screen::Kept(String::new()),
                () => Screen::Live,
            };
            if !text {
                screen = Screen::Kept(String::new());
            }
            let bar = board.bar(&lab.slug);
            let report = match broken.iter().find(|(slug, _)| *slug == lab.slug) {
                Some((_, problem)) => does_not_compile(lab, options.which, problem, &mut screen),
                None => run::run(course, lab, &engine, options, &mut screen, &|what| bar.say(what))?,
            };
            drop(bar);
            if let Screen::Kept(kept) = screen
                && text
            {
                board.suspend(|| screen::print(&kept));
            }
            if let Ok(mut reports) = reports.lock() {
                reports.push(report);
            }
        }
    };
    if jobs > 1 {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..jobs).map(|_| scope.spawn(&work)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or(Ok(()))).collect::<Result<Vec<()>, _>>()
        })?;
    } else {
        work()?;
    }
    let reports = reports.into_inner().unwrap_or_default();
    anyhow::ensure!(reports.len() == labs.len(), "a lab's run was lost");
    finish(RunReport::new(engine, reports), show)
}

fn finish(report: RunReport, show: &Show) -> Result<Verdict> {
    if let Some(path) = &show.junit {
        let xml = report.junit().to_string()?;
        std::fs::write(path, xml).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if show.format == Format::Json {
        screen::print(&format!("{}\n", serde_json::to_string_pretty(&report)?));
    } else if report.labs.len() > 1 && !show.quiet {
        let count = |verdict| report.labs.iter().filter(|lab| lab.verdict == verdict).count();
        let (passed, failed) = (count(Verdict::Passed), count(Verdict::Failed));
        let unable = count(Verdict::CannotRun);
        screen::print(&format!("\n{passed} labs passed, {failed} failed, {unable} could not run\n"));
    }
    Ok(report.verdict)
}

/// Builds all programs in one go; if that fails, lab by lab, so that one broken lab stops only itself.
fn stage(course: &Course, labs: &[Lab], which: Which) -> Result<Vec<(String, String)>> {
    let pair = |lab| [(lab, Which::Lab), (lab, which)];
    let all: Vec<(&Lab, Which)> = labs.iter().flat_map(pair).collect();
    let Err(error) = programs::stage(course, &all) else { return Ok(Vec::new()) };
    let mut broken = Vec::new();
    if labs.len() == 1 {
        let problem = error.downcast::<DoesNotCompile>()?;
        return Ok(vec![(labs[0].slug.clone(), problem.to_string())]);
    }
    error.downcast::<DoesNotCompile>()?;
    for lab in labs {
        if let Err(error) = programs::stage(course, &pair(lab)) {
            broken.push((lab.slug.clone(), error.downcast::<DoesNotCompile>()?.to_string()));
        }
    }
    Ok(broken)
}

fn does_not_compile(lab: &Lab, which: Which, problem: &str, screen: &mut Screen) -> LabReport {
    let report = LabReport {
        lab: lab.slug.clone(),
        chapter: crate::chapter::path_of(&lab.slug).display().to_string(),
        // The reader's own program is the reader's answer.
        verdict: if which == Which::Exercise { Verdict::Failed } else { Verdict::CannotRun },
        steps: Vec::new(),
        skipped: Vec::new(),
        problem: Some(format!("{} {problem}", "error:".red().bold())),
        hint: None,
        hint_key: None,
        millis: 0,
    };
    screen.verdict(&report);
    report
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
    fn new(wanted: bool) -> Board {
        let terminal = std::io::stderr().is_terminal();
        Board { bars: terminal.then(MultiProgress::new), lines: wanted && !terminal }
    }

    fn bar(&self, prefix: &str) -> Bar {
        if self.lines {
            screen::complain(&format!("{prefix}\n"));
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
        Bar { bar, prefix: prefix.to_owned() }
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
