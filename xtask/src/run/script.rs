//! Runs a chapter's commands, one after the other, and says of each whether it did what the book says.

use std::os::fd::AsFd;
use std::time::Instant;

use anyhow::Result;
use nix::errno::Errno;

use crate::chapter::matching;
use crate::chapter::page::{Block, Chapter, Step};
use crate::engine::programs::Which;
use crate::engine::sandbox::Sandbox;
use crate::report::outcome::StepReport;
use crate::report::verdict::Verdict;
use crate::run::decode::Decoder;
use crate::run::hint::hint;
use crate::run::lab::Runner;
use crate::run::pictures::{EXTRA, Pictures};
use crate::run::session::{Ended, LIMIT, Session};
use crate::system::interrupt::Interrupted;
use crate::system::wait::{Until, wait};

impl Runner<'_> {
    /// Runs all of it, or up to the first failure.
    pub(super) fn script(
        &mut self,
        chapter: &Chapter,
        blocks: &[&Block],
        sandbox: &Sandbox,
    ) -> Result<()> {
        let drawn = blocks.iter().any(|block| block.fence.picture.is_some());
        let mut pictures = match &self.options.pictures {
            Some(wanted) if drawn => Some(Pictures::prepare(sandbox, wanted, &self.lab.number)?),
            _ => None,
        };
        let mut environment = sandbox.environment();
        if let Some(pictures) = &pictures {
            environment.push((EXTRA.into(), pictures.extra.clone().into_os_string()));
        }
        let mut session = Session::start(&sandbox.folder, &environment)?;
        let steps: usize = blocks.iter().map(|block| block.steps.len()).sum();
        let (mut number, mut ended_by_themselves) = (0, 0);
        'chapter: for (index, block) in blocks.iter().enumerate() {
            self.screen.block(block);
            if let Some(pictures) = &mut pictures {
                pictures.block_begins(block.fence.connections);
            }
            self.look(&mut pictures, chapter, block)?;
            for step in &block.steps {
                number += 1;
                let first = step.command.lines().next().unwrap_or("");
                (self.progress)(&format!("{number}/{steps} {first}"));
                let (ended, output) = self.step(&mut session, step, number == steps)?;
                let by_itself = matches!(ended, Ended::Status(_) | Ended::Exited(_));
                ended_by_themselves += usize::from(by_itself);
                if self.report.steps.last().is_some_and(|step| step.passed) {
                    self.look(&mut pictures, chapter, block)?;
                    continue;
                }
                self.fail(chapter, step, &output, &ended)?;
                let goes_on = self.options.go_on
                    && self.report.verdict == Verdict::Failed
                    && matches!(ended, Ended::Status(_));
                if !goes_on {
                    break 'chapter;
                }
            }
            if let (Some(pictures), Some(name)) = (&mut pictures, &block.fence.picture) {
                let last = block.steps.last().map_or("", |step| &step.command);
                let title = last.lines().next().unwrap_or_default();
                let next = blocks.get(index + 1);
                let goes_on = next.is_some_and(|next| next.fence.picture.as_ref() == Some(name));
                pictures.block_ends(&self.lab.number, name, title, goes_on)?;
            }
        }
        self.report.complete = ended_by_themselves == steps;
        if let (Some(pictures), Verdict::Passed) = (pictures, self.report.verdict) {
            self.compare(&pictures, chapter, blocks)?;
        }
        Ok(())
    }

    /// Runs one command and reports it: how it ended, and what it printed.
    fn step(&mut self, session: &mut Session, step: &Step, last: bool) -> Result<(Ended, String)> {
        self.screen.command(step);
        if self.options.step {
            wait_for_enter()?;
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
        let same = matching::matches(&output, &step.expected)?;
        // A bash that has ended runs no more commands: only the last may end it.
        let goes_on = last || !matches!(ended, Ended::Exited(_));
        let report = StepReport {
            line: step.line,
            command: step.command.clone(),
            expected: step.expected.clone(),
            output: output.clone(),
            expected_status: step.status,
            status,
            passed: same && status == Some(step.status) && goes_on,
            millis: started.elapsed().as_millis(),
        };
        let difference = match same || ended == Ended::PrintedTooMuch {
            true => None,
            false => Some(matching::diff(&output, &step.expected)?),
        };
        self.screen.ended(&report, difference);
        self.report.steps.push(report);
        Ok((ended, output))
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
            self.skip(chapter, block, reason, self.options.deny_skip);
            if let Some(skip) = self.report.skipped.last() {
                self.screen.skipped(skip);
            }
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
        if *self.which != Which::Lab
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
