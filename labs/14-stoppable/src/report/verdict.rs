//! One report: everything that a rendering needs.

use serde::Serialize;

use crate::finding::about::{Finding, Severity};
use crate::finding::marks::Marks;
use crate::probe::observation::Observation;
use crate::trace::event::Event;

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing that matters was found.
    Stoppable,
    /// Errors or warnings.
    Findings,
    /// There was nothing to examine.
    CouldNotRun,
}

/// One examination.
#[derive(Debug)]
pub struct Report {
    /// What was asked for.
    pub image: String,
    /// docker, podman or pocket.
    pub engine: (String, String),
    /// Of `docker stop`.
    pub marks: Option<Marks>,
    /// In the order in which to mend them.
    pub findings: Vec<Finding>,
    /// The experiments that were made, and how each ended.
    pub probes: Vec<Probed>,
    /// The stop itself.
    pub stop: Option<Observation>,
    /// Why nothing was traced.
    pub untraced: Option<String>,
    /// Why there is nothing to report.
    pub could_not_run: Option<String>,
}

/// One experiment and its result, in a few words.
#[derive(Debug, Clone, Serialize)]
pub struct Probed {
    /// Its name.
    pub name: &'static str,
    /// How it ended.
    pub result: String,
}

impl Report {
    /// The answer.
    pub fn verdict(&self) -> Verdict {
        match self.worst() {
            _ if self.could_not_run.is_some() => Verdict::CouldNotRun,
            Some(Severity::Error | Severity::Warning) => Verdict::Findings,
            Some(Severity::Note) | None => Verdict::Stoppable,
        }
    }

    /// The exit status: 0, 1 or 2.
    pub fn status(&self) -> u8 {
        match self.verdict() {
            Verdict::Stoppable => 0,
            Verdict::Findings => 1,
            Verdict::CouldNotRun => 2,
        }
    }

    fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).min()
    }

    /// The answer in one sentence.
    pub fn headline(&self) -> String {
        let first = self.findings.iter().min_by_key(|finding| finding.severity);
        match (self.verdict(), first) {
            (Verdict::CouldNotRun, _) => format!(
                "could not run: {}",
                self.could_not_run.as_deref().unwrap_or_default()
            ),
            (Verdict::Findings, Some(finding)) if finding.severity == Severity::Error => {
                format!("not stoppable: {}", finding.about.title)
            }
            (Verdict::Findings, Some(finding)) => format!("stoppable, but {}", finding.about.title),
            _ => match self.marks {
                Some(Marks {
                    drained: Some(true),
                    ..
                }) => "stoppable: it heard the signal, finished and ended".into(),
                _ => "stoppable: it ended within the grace period".into(),
            },
        }
    }

    /// What the tracer saw during the stop.
    pub fn events(&self) -> &[Event] {
        self.stop.as_ref().map_or(&[], |stop| &stop.events)
    }
}
