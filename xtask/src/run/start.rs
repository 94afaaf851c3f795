//! `--check`: what is right for an exercise's start is to be wrong.

use crate::chapter::course::{Course, Lab};
use crate::report::outcome::LabReport;
use crate::report::verdict::Verdict;

/// A start is right if it fails, and with the first hint of the chapter.
pub fn turn_around(course: &Course, lab: &Lab, mut report: LabReport) -> LabReport {
    let first = course
        .chapter(lab)
        .ok()
        .and_then(|chapter| chapter.hints.into_iter().next());
    let (verdict, problem) = match report.verdict {
        Verdict::CannotRun => return report,
        Verdict::Passed => (
            Verdict::Failed,
            Some("the start passes: there is nothing to learn".to_owned()),
        ),
        Verdict::Failed
            if first
                .as_ref()
                .is_some_and(|first| report.hint_key.as_ref() == Some(&first.key)) =>
        {
            (Verdict::Passed, None)
        }
        Verdict::Failed => {
            let expected = first.map(|hint| hint.key).unwrap_or_default();
            let got = report.hint_key.take().unwrap_or_else(|| "none".into());
            let problem = report.problem.take().unwrap_or_default();
            let text = format!(
                "the start fails, but with hint `{got}`, not with the first, `{expected}`\n{problem}"
            );
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
