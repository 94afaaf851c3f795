//! For CI systems: the runner's JSON on standard input, JUnit's XML on standard output.
//!
//! A program of its own: what only `--junit` needs is a tenth of the runner's first build, for which every reader would
//! wait.

use std::io;
use std::time::Duration;

use anyhow::{Context, Result};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde::Deserialize;

/// A whole run; of each of these, what JUnit has a place for.
#[derive(Deserialize)]
struct Run {
    repeat: Option<Repeat>,
    engine: Engine,
    labs: Vec<Lab>,
}

#[derive(Deserialize)]
struct Repeat {
    run: u32,
    of: u32,
}

#[derive(Deserialize)]
struct Engine {
    kind: String,
}

#[derive(Deserialize)]
struct Lab {
    lab: String,
    chapter: String,
    verdict: Verdict,
    steps: Vec<Step>,
    skipped: Vec<Skip>,
    problem: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Passed,
    Failed,
    CannotRun,
}

#[derive(Deserialize)]
struct Step {
    line: usize,
    command: String,
    output: String,
    passed: bool,
    millis: u64,
}

#[derive(Deserialize)]
struct Skip {
    line: usize,
    reason: String,
}

fn main() -> Result<()> {
    let run = serde_json::from_reader(io::stdin()).context("not a report of the runner")?;
    render(&run)
        .serialize(io::stdout())
        .context("cannot write the report")
}

/// JUnit's XML: a suite a lab, a case a command; a skipped block is a skipped case.
fn render(run: &Run) -> Report {
    let mut report = Report::new("trapping-signals-in-containers");
    for lab in &run.labs {
        let number = run
            .repeat
            .as_ref()
            .map(|Repeat { run, of }| format!(", run {run} of {of}"));
        let (engine, number) = (&run.engine.kind, number.unwrap_or_default());
        let mut suite = TestSuite::new(format!("{} ({engine}{number})", lab.lab));
        for step in &lab.steps {
            let mut status = TestCaseStatus::success();
            if !step.passed {
                status = TestCaseStatus::non_success(non_success(lab.verdict));
                status.set_message(lab.problem.clone().unwrap_or_default());
            }
            let name = format!("{}:{} {}", lab.chapter, step.line, step.command);
            let mut case = TestCase::new(name, status);
            case.set_classname(lab.lab.clone());
            case.set_time(Duration::from_millis(step.millis));
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
            let mut status = TestCaseStatus::non_success(non_success(lab.verdict));
            status.set_message(lab.problem.clone().unwrap_or_default());
            suite.add_test_case(TestCase::new(lab.chapter.clone(), status));
        }
        report.add_test_suite(suite);
    }
    report
}

/// What JUnit calls a verdict that is not a success.
fn non_success(verdict: Verdict) -> NonSuccessKind {
    match verdict {
        Verdict::CannotRun => NonSuccessKind::Error,
        Verdict::Passed | Verdict::Failed => NonSuccessKind::Failure,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn step(command: &str, passed: bool) -> Value {
        json!({
            "line": 7, "command": command, "expected": "old\n", "output": "<new> & \u{1b}[31mred\n",
            "expected_status": 0, "status": 0, "passed": passed, "millis": 1500,
        })
    }

    /// The XML of a run of one lab, changed from one that ran nothing.
    fn xml(change: impl Fn(&mut Value)) -> String {
        let mut lab = json!({
            "lab": "02-pid1", "chapter": "book/src/02-pid1.md", "verdict": "passed",
            "steps": [], "skipped": [], "millis": 0,
        });
        change(&mut lab);
        let run = json!({ "engine": { "kind": "pocket" }, "verdict": "passed", "labs": [lab] });
        render(&serde_json::from_value(run).unwrap())
            .to_string()
            .unwrap()
    }

    #[track_caller]
    fn says(xml: &str, parts: &[&str]) {
        for part in parts {
            assert!(xml.contains(part), "no {part} in\n{xml}");
        }
    }

    #[test]
    fn a_lab_is_a_suite_and_a_command_a_case() {
        let xml = xml(|lab| lab["steps"] = json!([step("echo a", true), step("echo \"b\"", true)]));
        says(
            &xml,
            &[
                "<testsuite name=\"02-pid1 (pocket)\" tests=\"2\" skipped=\"0\" errors=\"0\" failures=\"0\"",
                "name=\"book/src/02-pid1.md:7 echo a\" classname=\"02-pid1\" time=\"1.500\"",
                "name=\"book/src/02-pid1.md:7 echo &quot;b&quot;\"",
                "<system-out>&lt;new&gt; &amp; red\n</system-out>",
            ],
        );
    }

    #[test]
    fn a_wrong_result_is_a_failure_of_its_command_alone() {
        let xml = xml(|lab| {
            lab["steps"] = json!([step("echo a", true), step("echo b", false)]);
            lab["verdict"] = json!("failed");
            lab["problem"] = json!("other \u{1b}[31moutput");
        });
        says(
            &xml,
            &[
                "tests=\"2\"",
                "failures=\"1\"",
                "<failure message=\"other output\"",
            ],
        );
    }

    #[test]
    fn what_the_machine_failed_is_an_error() {
        // Of the command at which it happened,
        let at_a_command = xml(|lab| {
            lab["steps"] = json!([step("echo b", false)]);
            lab["verdict"] = json!("cannot_run");
        });
        says(
            &at_a_command,
            &["tests=\"1\"", "failures=\"0\"", "errors=\"1\"", "<error"],
        );
        // and of the chapter where none had run.
        let before = xml(|lab| {
            lab["verdict"] = json!("cannot_run");
            lab["problem"] = json!("no engine");
        });
        says(
            &before,
            &[
                "tests=\"1\"",
                "errors=\"1\"",
                "<error message=\"no engine\"",
            ],
        );
    }

    #[test]
    fn a_skip_is_a_skipped_case_with_its_reason() {
        let skip = json!({ "line": 5, "reason": "needs `tini`" });
        let xml = xml(|lab| lab["skipped"] = json!([skip]));
        says(
            &xml,
            &["book/src/02-pid1.md:5", "<skipped message=\"needs `tini`\""],
        );
    }
}
