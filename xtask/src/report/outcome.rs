//! What a run found, as data: the same for people, for machines and for CI systems.

use std::path::PathBuf;

use serde::Serialize;

use crate::chapter::course::Lab;
use crate::chapter::page;
use crate::report::json;
use crate::report::verdict::Verdict;

/// One command that ran.
#[derive(Debug, Clone, Serialize)]
pub struct StepReport {
    /// The line of the chapter.
    pub line: usize,
    /// The command.
    pub command: String,
    /// What it should print.
    pub expected: String,
    /// What it printed.
    pub output: String,
    /// The exit status it should have.
    pub expected_status: i32,
    /// The exit status it had; none if it was killed at its deadline.
    pub status: Option<i32>,
    /// Whether both are as they should be.
    pub passed: bool,
    /// How long it took, in milliseconds.
    pub millis: u128,
}

/// A block that did not run.
#[derive(Debug, Clone, Serialize)]
pub struct Skip {
    /// The line of its fence.
    pub line: usize,
    /// Why, and how to get it to run.
    pub reason: String,
    /// Whether it fails the lab (`--deny-skip`).
    #[serde(skip)]
    pub refused: bool,
}

/// One lab's run.
#[derive(Debug, Clone, Serialize)]
pub struct LabReport {
    /// Its slug.
    pub lab: String,
    /// Its chapter, below the course's root.
    pub chapter: String,
    /// How it came out.
    pub verdict: Verdict,
    /// What ran.
    pub steps: Vec<StepReport>,
    /// Whether that was all of it: each command came to its end, and no skip was refused.
    #[serde(skip)]
    pub complete: bool,
    /// What did not.
    pub skipped: Vec<Skip>,
    /// What is wrong, in words.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "json::plain"
    )]
    pub problem: Option<String>,
    /// The hint for the exercise's reader.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The key of that hint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint_key: Option<String>,
    /// How long it took, images and all, in milliseconds.
    pub millis: u128,
}

impl LabReport {
    /// The report of a lab that has run nothing yet.
    pub fn new(lab: &Lab) -> LabReport {
        LabReport {
            lab: lab.slug.clone(),
            chapter: page::path_of(&lab.slug).display().to_string(),
            verdict: Verdict::Passed,
            steps: Vec::new(),
            complete: false,
            skipped: Vec::new(),
            problem: None,
            hint: None,
            hint_key: None,
            millis: 0,
        }
    }
}

/// The engine of a run.
#[derive(Debug, Clone, Serialize)]
pub struct EngineReport {
    /// `docker`, `podman` or `pocket`.
    pub kind: &'static str,
    /// As it says itself.
    pub version: String,
    /// Why it was picked.
    pub why: String,
    /// Its program.
    pub program: PathBuf,
}

/// A run's place among those that `--repeat` asks for.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Repeat {
    /// Its number, from 1.
    pub run: u32,
    /// How many there are to be.
    pub of: u32,
}

impl std::fmt::Display for Repeat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "run {} of {}", self.run, self.of)
    }
}

/// A whole run.
#[derive(Debug, Clone, Serialize)]
pub struct RunReport {
    /// Which of several runs this is, the last that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    /// The engine.
    pub engine: EngineReport,
    /// The worst of its labs.
    pub verdict: Verdict,
    /// Its labs, in the course's order.
    pub labs: Vec<LabReport>,
}

impl RunReport {
    /// The report of some labs.
    pub fn new(
        engine: EngineReport,
        mut labs: Vec<LabReport>,
        repeat: Option<Repeat>,
    ) -> RunReport {
        labs.sort_by(|a, b| a.lab.cmp(&b.lab));
        let verdict = labs
            .iter()
            .map(|lab| lab.verdict)
            .max()
            .unwrap_or(Verdict::Passed);
        RunReport {
            repeat,
            engine,
            verdict,
            labs,
        }
    }

    /// How many labs came out so.
    pub fn count(&self, verdict: Verdict) -> usize {
        let labs = self.labs.iter();
        labs.filter(|lab| lab.verdict == verdict).count()
    }
}
