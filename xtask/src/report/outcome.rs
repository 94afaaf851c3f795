//! What a run found, for people, for machines (JSON) and for CI systems (JUnit).

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use crate::chapter::course::Lab;
use crate::engine::choice::Engine;

/// How a lab, or a whole run, came out. Later is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything is as the book says.
    Passed,
    /// Something is not.
    Failed,
    /// The machine could not run it: nothing is known about the book.
    CannotRun,
}

impl Verdict {
    /// The exit status of the runner.
    pub fn exit_status(self) -> u8 {
        match self {
            Verdict::Passed => 0,
            Verdict::Failed => 1,
            Verdict::CannotRun => 2,
        }
    }

    /// What JUnit calls it if it is not a success.
    fn non_success(self) -> NonSuccessKind {
        match self {
            Verdict::CannotRun => NonSuccessKind::Error,
            Verdict::Passed | Verdict::Failed => NonSuccessKind::Failure,
        }
    }
}

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
    /// What did not.
    pub skipped: Vec<Skip>,
    /// What is wrong, in words.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "plain")]
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
            chapter: crate::chapter::page::path_of(&lab.slug)
                .display()
                .to_string(),
            verdict: Verdict::Passed,
            steps: Vec::new(),
            skipped: Vec::new(),
            problem: None,
            hint: None,
            hint_key: None,
            millis: 0,
        }
    }
}

/// Colours are for people.
fn plain<S: serde::Serializer>(text: &Option<String>, to: S) -> Result<S::Ok, S::Error> {
    let plain = text
        .as_ref()
        .map(|text| anstream::adapter::strip_str(text).to_string());
    plain.serialize(to)
}

/// A whole run.
#[derive(Debug, Clone, Serialize)]
pub struct RunReport {
    /// The engine.
    pub engine: Engine,
    /// The worst of its labs.
    pub verdict: Verdict,
    /// Its labs, in the course's order.
    pub labs: Vec<LabReport>,
}

impl RunReport {
    /// The report of some labs.
    pub fn new(engine: Engine, mut labs: Vec<LabReport>) -> RunReport {
        labs.sort_by(|a, b| a.lab.cmp(&b.lab));
        let verdict = labs
            .iter()
            .map(|lab| lab.verdict)
            .max()
            .unwrap_or(Verdict::Passed);
        RunReport {
            engine,
            verdict,
            labs,
        }
    }

    /// JUnit's XML: a suite a lab, a case a command; a skipped block is a skipped case.
    pub fn junit(&self) -> Report {
        let mut report = Report::new("trapping-signals-in-containers");
        for lab in &self.labs {
            let mut suite = TestSuite::new(format!("{} ({})", lab.lab, self.engine.kind.name()));
            for step in &lab.steps {
                let mut status = TestCaseStatus::success();
                if !step.passed {
                    status = TestCaseStatus::non_success(lab.verdict.non_success());
                    status.set_message(lab.problem.clone().unwrap_or_default());
                }
                let name = format!("{}:{} {}", lab.chapter, step.line, step.command);
                let mut case = TestCase::new(name, status);
                case.set_classname(lab.lab.clone());
                case.set_time(std::time::Duration::from_millis(
                    u64::try_from(step.millis).unwrap_or(u64::MAX),
                ));
                case.set_system_out(step.output.clone());
                suite.add_test_case(case);
            }
            for skip in &lab.skipped {
                let mut status = TestCaseStatus::skipped();
                status.set_message(skip.reason.clone());
                let mut case = TestCase::new(format!("{}:{}", lab.chapter, skip.line), status);
                case.set_classname(lab.lab.clone());
                suite.add_test_case(case);
            }
            let explained = lab.steps.iter().any(|step| !step.passed);
            if lab.verdict != Verdict::Passed && !explained {
                let mut status = TestCaseStatus::non_success(lab.verdict.non_success());
                status.set_message(lab.problem.clone().unwrap_or_default());
                suite.add_test_case(TestCase::new(lab.chapter.clone(), status));
            }
            report.add_test_suite(suite);
        }
        report
    }
}
