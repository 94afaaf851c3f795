//! The programs of all labs of a run, built in one go.

use anyhow::Result;
use owo_colors::OwoColorize;

use crate::chapter::course::{Course, Lab};
use crate::engine::cargo::DoesNotCompile;
use crate::engine::programs::{self, Which};
use crate::report::outcome::LabReport;
use crate::report::verdict::Verdict;
use crate::run::job::Job;

/// A job whose programs do not compile.
pub struct Broken {
    lab: Lab,
    which: Which,
    verdict: Verdict,
    problem: String,
}

impl Broken {
    /// Whether it is this job.
    pub fn is(&self, job: &Job) -> bool {
        (&self.lab, &self.which) == (&job.lab, &job.which)
    }

    /// What there is to say of it.
    pub fn report(&self) -> LabReport {
        let mut report = LabReport::new(&self.lab);
        report.verdict = self.verdict;
        report.problem = Some(format!("{} {}", "error:".red().bold(), self.problem));
        report
    }
}

/// Builds all programs in one go; if that fails, job by job, so that one that is broken stops only itself.
pub fn stage(course: &Course, jobs: &[Job]) -> Result<Vec<Broken>> {
    let book = |job: &Job| (job.lab.clone(), Which::Lab);
    let own = |job: &Job| (job.lab.clone(), job.which.clone());
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
            Which::Lab | Which::Solution | Which::Mutant(_) => Verdict::CannotRun,
        };
        let tries = [(book(job), Verdict::CannotRun), (own(job), readers_own)];
        for (program, verdict) in tries {
            if let Err(error) = programs::stage(course, &[program]) {
                broken.push(Broken {
                    lab: job.lab.clone(),
                    which: job.which.clone(),
                    verdict,
                    problem: error.downcast::<DoesNotCompile>()?.to_string(),
                });
                break;
            }
        }
    }
    Ok(broken)
}
