//! Runs one lab on one engine: locks, sandbox, session, check, clean-up.

use std::os::fd::AsFd;
use std::time::Instant;

use anyhow::Result;
use nix::errno::Errno;

use crate::chapter::course::{Course, Lab};
use crate::chapter::matching;
use crate::chapter::page::{Block, Chapter, Step};
use crate::engine::choice::Engine;
use crate::engine::programs::Which;
use crate::engine::sandbox::Sandbox;
use crate::report::outcome::{LabReport, Skip, StepReport};
use crate::report::text;
use crate::report::verdict::Verdict;
use crate::run::decode::Decoder;
use crate::run::hint::hint;
use crate::run::options::Options;
use crate::run::pictures::Pictures;
use crate::run::resources;
use crate::run::screen::Screen;
use crate::run::session::{Ended, LIMIT, Session};
use crate::system::interrupt::Interrupted;
use crate::system::lock::Locks;
use crate::system::machine;
use crate::system::print::complain;
use crate::system::process::which;
use crate::system::wait::{Until, wait};

/// Runs a lab. `progress` is told what is going on. Only an interrupt is an error; all else is a verdict.
pub fn run(
    course: &Course,
    lab: &Lab,
    which: Which,
    engine: &Engine,
    options: &Options,
    screen: &mut Screen,
    progress: &dyn Fn(&str),
) -> Result<LabReport, Interrupted> {
    let started = Instant::now();
    let mut report = LabReport::new(lab);
    let mut runner = Runner {
        course,
        lab,
        which,
        engine,
        options,
        screen,
        progress,
        report: &mut report,
    };
    if let Err(error) = runner.lab() {
        match error.downcast::<Interrupted>() {
            Ok(interrupted) => return Err(interrupted),
            Err(error) => {
                report.verdict = Verdict::CannotRun;
                report.problem = Some(text::error(&error));
            }
        }
    }
    report.millis = started.elapsed().as_millis();
    Ok(report)
}

/// Cleans the sandbox up however its lab ends.
struct CleanUp<'a>(Option<&'a Sandbox>);

impl Drop for CleanUp<'_> {
    fn drop(&mut self) {
        if let Some(trouble) = self.0.and_then(Sandbox::clean_up) {
            complain(&format!("warning: the clean-up failed: {trouble}\n"));
        }
    }
}

struct Runner<'a> {
    course: &'a Course,
    lab: &'a Lab,
    which: Which,
    engine: &'a Engine,
    options: &'a Options,
    screen: &'a mut Screen,
    progress: &'a dyn Fn(&str),
    report: &'a mut LabReport,
}

impl Runner<'_> {
    fn lab(&mut self) -> Result<()> {
        let chapter = self.course.chapter(self.lab)?;
        let exercise = self.which != Which::Lab;
        self.screen
            .lab(&self.lab.slug, &chapter.title, &chapter.question);
        let blocks: Vec<&Block> = chapter
            .script(exercise)
            .filter(|block| self.runs(&chapter, block))
            .collect();
        if exercise && blocks.is_empty() {
            anyhow::bail!(
                "{} has no `console,exercise` block to grade with",
                chapter.source.path.display()
            );
        }
        let keys = resources::keys(&blocks, self.lab, self.engine.kind);
        let _locks = Locks::acquire(keys, |key| {
            let text = format!("{} waits for another run, which holds {key}", self.lab.slug);
            (self.progress)(&text);
            complain(&format!("{text}\n"));
        })?;
        (self.progress)("images");
        let sandbox = Sandbox::set_up(self.course, self.lab, self.engine)?;
        let _clean_up = CleanUp((!self.options.keep).then_some(&sandbox));
        resources::ports_are_free(&chapter, &blocks)?;
        if exercise {
            // The exercise may use the lab's images too.
            sandbox.build_images(Which::Lab)?;
        }
        let built =
            resources::images_exist(&chapter, &blocks, self.lab, &sandbox.folder, self.which)
                .and_then(|()| sandbox.build_images(self.which));
        if let Err(error) = built {
            let readers_own = self.which == Which::Exercise && !error.is::<Interrupted>();
            if !readers_own || !self.engine.answers() {
                return Err(error);
            }
            // A Dockerfile that does not build is an answer, and a wrong one.
            self.report.verdict = Verdict::Failed;
            self.report.problem = Some(text::error(&error));
            return Ok(());
        }
        self.script(&chapter, &blocks, &sandbox)?;
        // Refused, a skip has its own reason to fail.
        self.report.complete &= !self.options.deny_skip || self.report.skipped.is_empty();
        Ok(())
    }

    /// Whether a block runs here; a skip is noted with its reason.
    fn runs(&mut self, chapter: &Chapter, block: &Block) -> bool {
        let fence = &block.fence;
        if !fence.engines.is_empty()
            && !fence
                .engines
                .iter()
                .any(|name| name == self.engine.kind.name())
        {
            return false;
        }
        let Some(missing) = fence.needs.iter().find(|program| which(program).is_none()) else {
            return true;
        };
        let reason = format!(
            "needs `{missing}`, which is not on PATH; {}",
            machine::how_to_get(missing)
        );
        self.skip(chapter, block, reason);
        false
    }

    /// Notes that something was not done; a failure where that is not allowed.
    fn skip(&mut self, chapter: &Chapter, block: &Block, reason: String) {
        if self.options.deny_skip {
            self.report.verdict = Verdict::Failed;
            self.report.problem = Some(chapter.source.point(
                block.line,
                "a skip, and --deny-skip allows none",
                &reason,
                None,
            ));
        }
        self.report.skipped.push(Skip {
            line: block.line,
            reason,
        });
    }

    fn script(&mut self, chapter: &Chapter, blocks: &[&Block], sandbox: &Sandbox) -> Result<()> {
        let mut session = Session::start(&sandbox.folder, &sandbox.environment())?;
        let drawn = blocks.iter().any(|block| block.fence.picture.is_some());
        let mut pictures = match &self.options.pictures {
            Some(wanted) if drawn => Some(Pictures::prepare(sandbox, wanted)?),
            _ => None,
        };
        let steps: Vec<(&Block, &Step)> = blocks
            .iter()
            .flat_map(|block| block.steps.iter().map(move |step| (*block, step)))
            .collect();
        let mut ended_by_themselves = 0;
        for (index, (block, step)) in steps.iter().enumerate() {
            (self.progress)(&format!(
                "{}/{} {}",
                index + 1,
                steps.len(),
                step.command.lines().next().unwrap_or("")
            ));
            self.screen.command(step);
            if self.options.step {
                wait_for_enter()?;
            }
            let elsewhere = |other: &&(&Block, &Step)| other.0.line != block.line;
            let before = index.checked_sub(1).and_then(|before| steps.get(before));
            if before.is_none() || before.is_some_and(|other| elsewhere(&other)) {
                self.look(&mut pictures, chapter, block)?;
            }
            let started = Instant::now();
            let (mut output, mut decoder) = (Vec::new(), Decoder::default());
            let ended = session.run(&step.command, self.options.timeout, |bytes| {
                output.extend_from_slice(bytes);
                self.screen.output(&decoder.push(bytes));
            })?;
            self.screen.output(&decoder.finish());
            let output = String::from_utf8_lossy(&output).into_owned();
            let status = match ended {
                Ended::Status(status) | Ended::Exited(status) => Some(status),
                Ended::TimedOut | Ended::PrintedTooMuch => None,
            };
            let as_expected =
                status == Some(step.status) && matching::matches(&output, &step.expected)?;
            let last = index + 1 == steps.len();
            let passed = as_expected && (last || !matches!(ended, Ended::Exited(_)));
            self.report.steps.push(StepReport {
                line: step.line,
                command: step.command.clone(),
                expected: step.expected.clone(),
                output: output.clone(),
                expected_status: step.status,
                status,
                passed,
                millis: started.elapsed().as_millis(),
            });
            ended_by_themselves += usize::from(status.is_some());
            if passed {
                self.look(&mut pictures, chapter, block)?;
                let after = steps.get(index + 1);
                if let (Some(pictures), Some(name)) = (&mut pictures, &block.fence.picture)
                    && after.is_none_or(|other| elsewhere(&other))
                {
                    pictures.block_ends(&self.lab.number, name)?;
                }
                continue;
            }
            self.fail(chapter, step, &output, &ended)?;
            let goes_on = self.options.go_on
                && self.report.verdict == Verdict::Failed
                && matches!(ended, Ended::Status(_));
            if !goes_on {
                break;
            }
        }
        self.report.complete = ended_by_themselves == steps.len();
        if let (Some(pictures), Verdict::Passed) = (pictures, self.report.verdict) {
            self.compare(&pictures, chapter, blocks)?;
        }
        Ok(())
    }

    /// Traces what runs now, in a block that has a picture.
    fn look(
        &mut self,
        pictures: &mut Option<Pictures<'_>>,
        chapter: &Chapter,
        block: &Block,
    ) -> Result<()> {
        if let (Some(pictures), Some(name)) = (pictures, &block.fence.picture)
            && let Some(reason) = pictures.look()?
        {
            let reason = format!("the picture {name} was not drawn: {reason}");
            self.skip(chapter, block, reason);
        }
        Ok(())
    }

    /// Draws the pictures; one that shows something else than the book's is a failure.
    fn compare(
        &mut self,
        pictures: &Pictures<'_>,
        chapter: &Chapter,
        blocks: &[&Block],
    ) -> Result<()> {
        let book = self.course.root.join(PICTURES);
        for drawn in pictures.finish(&self.lab.number, &book)? {
            let Some(difference) = drawn.difference else {
                continue;
            };
            let shows = |block: &&&Block| block.fence.picture.as_ref() == Some(&drawn.picture);
            let line = blocks.iter().find(shows).map_or(1, |block| block.line);
            let title = format!(
                "{}: this is not what the book's picture shows",
                chapter.at(line)
            );
            let problem = chapter
                .source
                .point(line, &title, "drawn from this block", None);
            self.report.verdict = Verdict::Failed;
            self.report.problem = Some(format!("{problem}\n{}", difference.trim_end()));
        }
        Ok(())
    }

    fn fail(
        &mut self,
        chapter: &Chapter,
        step: &Step,
        output: &str,
        ended: &Ended,
    ) -> Result<(), Interrupted> {
        if !self.engine.answers() || output.contains("No space left on device") {
            self.report.verdict = Verdict::CannotRun;
            let title = format!("the machine failed at {}", chapter.at(step.line));
            let help = "look at the engine's daemon and at `df -h`; `cargo xtask doctor` tells what this machine can run";
            self.report.problem = Some(chapter.source.point(
                step.line,
                &title,
                "not a verdict on the book",
                Some(help),
            ));
            return Ok(());
        }
        let (status, expected) = (step.status, &step.expected);
        let wrong_output = !matching::matches(output, expected)?;
        let label = match ended {
            Ended::TimedOut => format!(
                "killed: it did not end within {} s",
                self.options.timeout.as_secs()
            ),
            Ended::PrintedTooMuch => {
                format!("killed: it printed more than {} MiB", LIMIT >> 20)
            }
            Ended::Exited(code) => {
                format!("the chapter's bash ended here, with exit status {code}")
            }
            Ended::Status(code) if *code != status && wrong_output => {
                format!("exit status {code} instead of {status}, and other output")
            }
            Ended::Status(code) if *code != status => {
                format!("exit status {code} instead of {status}")
            }
            Ended::Status(_) => "printed something else".into(),
        };
        let title = format!("{}: this is not what the book says", chapter.at(step.line));
        let mut problem = chapter.source.point(step.line, &title, &label, None);
        if wrong_output && *ended != Ended::PrintedTooMuch {
            problem.push_str(&format!(
                "\n{}",
                matching::diff(output, expected)?.trim_end()
            ));
        }
        if !wrong_output && !self.screen.shows_output() {
            problem.push_str(&format!("\nit printed:\n{}", output.trim_end()));
        }
        if let Ended::Status(code) | Ended::Exited(code) = ended
            && *code != status
        {
            problem.push_str(&format!("\nexit status: {code}, expected: {status}"));
        }
        self.report.verdict = Verdict::Failed;
        self.report.problem = Some(problem);
        if self.which != Which::Lab
            && let Some(hint) = hint(&chapter.hints, output, expected)?
        {
            self.report.hint = Some(hint.text.clone());
            self.report.hint_key = Some(hint.key.clone());
        }
        Ok(())
    }
}

/// Where the book's pictures are, below the course's root.
const PICTURES: &str = "book/src/pictures";

/// Waits for Enter; the end of the input, or an interrupt, ends the run.
fn wait_for_enter() -> Result<()> {
    let stdin = std::io::stdin();
    loop {
        wait(&[((), stdin.as_fd())], Until::interrupt())?;
        // Byte by byte and past the buffer of the standard library: what that holds no poll can see, and whoever has
        // typed something before Enter would have to type Enter again.
        let mut byte = [0];
        match nix::unistd::read(&stdin, &mut byte) {
            Ok(1) if byte == *b"\n" => return Ok(()),
            Ok(1) | Err(Errno::EINTR) => {}
            _ => anyhow::bail!("--step: standard input ended"),
        }
    }
}
