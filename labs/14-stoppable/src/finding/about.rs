//! A finding, and what is known of its kind.

use serde::Serialize;

use super::fix::Fix;
use super::marks::Marks;
use crate::probe::plan::Probe;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A stop fails, or loses something.
    Error,
    /// It will bite some day.
    Warning,
    /// Good to know.
    Note,
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        })
    }
}

/// A kind of finding.
#[derive(Debug)]
pub struct About {
    /// Its stable name.
    pub name: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// In one line.
    pub title: &'static str,
    /// Why it is so, and what to do.
    pub explanation: &'static str,
    /// The chapter that shows it: the name of its page.
    pub chapter: &'static str,
    /// The experiment that shows it.
    pub probe: Probe,
}

/// Something wrong with one container.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Its kind.
    pub about: &'static About,
    /// How much it matters here.
    pub severity: Severity,
    /// How it is known: events, lines of /proc, words of the image.
    pub evidence: Vec<String>,
    /// What might help, the best first; what did is in `proof`.
    pub candidates: Vec<Fix>,
    /// What helps.
    pub fix: Option<Fix>,
    /// Before and after.
    pub proof: Option<Proof>,
}

/// A fix was tried.
#[derive(Debug, Clone, Serialize)]
pub struct Proof {
    /// The stop without it.
    pub before: Marks,
    /// And with it.
    pub after: Marks,
    /// What is still found with it, of what matters.
    pub remaining: Vec<&'static str>,
}

impl About {
    /// A finding of this kind.
    pub fn found(&'static self, evidence: Vec<String>) -> Finding {
        let (severity, candidates) = (self.severity, Vec::new());
        Finding {
            about: self,
            severity,
            evidence,
            candidates,
            fix: None,
            proof: None,
        }
    }

    /// Where the chapter is.
    pub fn link(&self) -> String {
        format!("{}.html", self.chapter)
    }
}

impl Finding {
    /// With what might help.
    pub fn mended_by(mut self, candidates: impl IntoIterator<Item = Fix>) -> Finding {
        self.candidates.extend(candidates);
        self
    }

    /// It matters less here.
    pub fn only(mut self, severity: Severity) -> Finding {
        self.severity = severity;
        self
    }
}
