//! `--check`: what is right for an exercise's start, or for a wrong answer to it, is to be refused.

use crate::report::outcome::LabReport;
use crate::report::verdict::Verdict;

/// It is right if it fails, and with the hint `wanted`.
pub fn turn_around(wanted: &str, mut report: LabReport) -> LabReport {
    let (verdict, problem) = match report.verdict {
        Verdict::CannotRun => return report,
        Verdict::Passed => (
            Verdict::Failed,
            Some(format!(
                "it passes, and it must be refused with hint `{wanted}`"
            )),
        ),
        Verdict::Failed if report.hint_key.as_deref() == Some(wanted) => (Verdict::Passed, None),
        Verdict::Failed => {
            let got = report.hint_key.take().unwrap_or_else(|| "none".into());
            let problem = report.problem.take().unwrap_or_default();
            let text = format!("it fails, but with hint `{got}`, not with `{wanted}`\n{problem}");
            (Verdict::Failed, Some(text))
        }
    };
    // What was wrong is right here: no step of it counts as failed.
    report
        .steps
        .iter_mut()
        .for_each(|step| step.passed = step.passed || verdict == Verdict::Passed);
    LabReport {
        verdict,
        problem,
        hint: None,
        hint_key: None,
        ..report
    }
}
