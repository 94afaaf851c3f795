//! Runs one lab on one engine: locks, sandbox, session, check, clean-up.

use std::time::Instant;

use anyhow::Result;

use crate::chapter::course::{Course, Lab};
use crate::chapter::page::{Block, Chapter};
use crate::engine::choice::Engine;
use crate::engine::programs::{self, Which};
use crate::engine::sandbox::Sandbox;
use crate::report::outcome::{LabReport, Skip};
use crate::report::text;
use crate::report::verdict::Verdict;
use crate::run::options::Options;
use crate::run::resources;
use crate::run::screen::Screen;
use crate::system::interrupt::Interrupted;
use crate::system::lock::Locks;
use crate::system::machine;
use crate::system::print::complain;

/// Runs a lab. `progress` is told what is going on. Only an interrupt is an error; all else is a verdict.
pub fn run(
    course: &Course,
    lab: &Lab,
    which: &Which,
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

/// A lab under way.
pub(super) struct Runner<'a> {
    pub(super) course: &'a Course,
    pub(super) lab: &'a Lab,
    pub(super) which: &'a Which,
    pub(super) engine: &'a Engine,
    pub(super) options: &'a Options,
    pub(super) screen: &'a mut Screen,
    pub(super) progress: &'a dyn Fn(&str),
    pub(super) report: &'a mut LabReport,
}

impl Runner<'_> {
    fn lab(&mut self) -> Result<()> {
        let chapter = self.course.chapter(self.lab)?;
        let exercise = *self.which != Which::Lab;
        let last = self.last(&chapter, exercise)?;
        let blocks: Vec<&Block> = chapter
            .script(exercise)
            .filter(|block| block.number <= last && self.runs(&chapter, block))
            .collect();
        let engine = self.engine.kind.name();
        self.screen.lab(&self.lab.slug, &chapter, engine, &blocks);
        for skip in &self.report.skipped {
            self.screen.skipped(skip);
        }
        if exercise && blocks.is_empty() {
            anyhow::bail!(
                "{} has no `console,exercise` block to grade with",
                chapter.source.path.display()
            );
        }
        let keys = resources::keys(&blocks, self.lab, self.engine.kind);
        if *self.which == Which::Exercise {
            programs::can_be_graded(self.course, self.lab)?;
        }
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
            sandbox.build_images(&Which::Lab)?;
        }
        let mutated;
        let sandbox = match self.which {
            Which::Mutant(name) => {
                mutated = sandbox.with_mutant(self.course, self.lab, name)?;
                &mutated
            }
            Which::Lab | Which::Exercise | Which::Solution => &sandbox,
        };
        let built =
            resources::images_exist(&chapter, &blocks, self.lab, &sandbox.folder, self.which)
                .and_then(|()| sandbox.build_images(self.which));
        if let Err(error) = built {
            let readers_own = *self.which == Which::Exercise && !error.is::<Interrupted>();
            if !readers_own || !self.engine.answers() {
                return Err(error);
            }
            // A Dockerfile that does not build is an answer, and a wrong one.
            self.report.verdict = Verdict::Failed;
            self.report.problem = Some(text::error(&error));
            return Ok(());
        }
        self.script(&chapter, &blocks, sandbox)?;
        // Refused, a skip has its own reason to fail.
        self.report.complete &= !self.report.skipped.iter().any(|skip| skip.refused);
        Ok(())
    }

    /// The number of the last block that is wanted.
    fn last(&self, chapter: &Chapter, exercise: bool) -> Result<usize> {
        let Some(wanted) = &self.options.blocks else {
            return Ok(usize::MAX);
        };
        for number in wanted {
            anyhow::ensure!(
                chapter
                    .script(exercise)
                    .any(|block| block.number == *number),
                "{} has no console block {number} that runs: it has {}, counted from 1, and not all of them run",
                chapter.source.path.display(),
                chapter.blocks.len()
            );
        }
        Ok(wanted.iter().max().copied().unwrap_or(0))
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
        let Some((need, reason)) = fence
            .needs
            .iter()
            .find_map(|need| Some((need, machine::lacks(need)?)))
        else {
            return true;
        };
        // Who runs it is a way of running it, as the engine is: there is nothing to install.
        let refused = self.options.deny_skip && need != machine::ROOT;
        self.skip(chapter, block, reason, refused);
        false
    }

    /// Notes that something was not done; a failure where that is refused.
    pub(super) fn skip(&mut self, chapter: &Chapter, block: &Block, reason: String, refused: bool) {
        if refused {
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
            refused,
        });
    }
}
