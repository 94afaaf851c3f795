//! For CI systems: JUnit's XML.

use anyhow::Result;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::report::outcome::RunReport;
use crate::report::verdict::Verdict;

/// JUnit's XML: a suite a lab, a case a command; a skipped block is a skipped case.
pub fn render(run: &RunReport) -> Result<String> {
    let mut report = Report::new("trapping-signals-in-containers");
    for lab in &run.labs {
        let number = run.repeat.map(|repeat| format!(", {repeat}"));
        let (engine, number) = (run.engine.kind, number.unwrap_or_default());
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
            let mut status = TestCaseStatus::non_success(non_success(lab.verdict));
            status.set_message(lab.problem.clone().unwrap_or_default());
            suite.add_test_case(TestCase::new(lab.chapter.clone(), status));
        }
        report.add_test_suite(suite);
    }
    Ok(report.to_string()?)
}

/// What JUnit calls a verdict that is not a success.
fn non_success(verdict: Verdict) -> NonSuccessKind {
    match verdict {
        Verdict::CannotRun => NonSuccessKind::Error,
        Verdict::Passed | Verdict::Failed => NonSuccessKind::Failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chapter::course::Lab;
    use crate::report::outcome::{EngineReport, LabReport, Skip, StepReport};

    fn step(command: &str, passed: bool) -> StepReport {
        StepReport {
            line: 7,
            command: command.into(),
            expected: "old\n".into(),
            output: "<new> & \u{1b}[31mred\n".into(),
            expected_status: 0,
            status: Some(0),
            passed,
            millis: 1500,
        }
    }

    /// The XML of a run of one lab, changed from one that ran nothing.
    fn xml(change: impl Fn(&mut LabReport)) -> String {
        let mut lab = LabReport::new(&Lab::from_slug("02-pid1").unwrap());
        change(&mut lab);
        let engine = EngineReport {
            kind: "pocket",
            version: "1".into(),
            why: "as asked for".into(),
            program: "/pocket".into(),
        };
        render(&RunReport::new(engine, vec![lab], None)).unwrap()
    }

    #[track_caller]
    fn says(xml: &str, parts: &[&str]) {
        for part in parts {
            assert!(xml.contains(part), "no {part} in\n{xml}");
        }
    }

    #[test]
    fn a_lab_is_a_suite_and_a_command_a_case() {
        let xml = xml(|lab| lab.steps = vec![step("echo a", true), step("echo \"b\"", true)]);
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
            lab.steps = vec![step("echo a", true), step("echo b", false)];
            lab.verdict = Verdict::Failed;
            lab.problem = Some("other \u{1b}[31moutput".into());
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
            lab.steps = vec![step("echo b", false)];
            lab.verdict = Verdict::CannotRun;
        });
        says(
            &at_a_command,
            &["tests=\"1\"", "failures=\"0\"", "errors=\"1\"", "<error"],
        );
        // and of the chapter where none had run.
        let before = xml(|lab| {
            lab.verdict = Verdict::CannotRun;
            lab.problem = Some("no engine".into());
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
        let skip = Skip {
            line: 5,
            reason: "needs `tini`".into(),
        };
        let xml = xml(|lab| lab.skipped = vec![skip.clone()]);
        says(
            &xml,
            &["book/src/02-pid1.md:5", "<skipped message=\"needs `tini`\""],
        );
    }
}
