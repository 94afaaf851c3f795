//! For people: what went wrong, what was skipped, how it came out.

use owo_colors::OwoColorize;

use crate::chapter::source::Faults;
use crate::report::outcome::{LabReport, RunReport};
use crate::report::verdict::Verdict;

/// An error as the reader sees it. What points at a place in a file is introduced as one already.
pub fn error(error: &anyhow::Error) -> String {
    match error.is::<Faults>() {
        true => format!("{error:#}"),
        false => format!("{} {error:#}", "error:".red().bold()),
    }
}

/// How one lab came out, with all that the reader should know.
pub fn verdict(report: &LabReport) -> String {
    let mut text = String::new();
    for skip in &report.skipped {
        text.push_str(&format!(
            "{} {}:{}: {}\n",
            "skipped".yellow(),
            report.chapter,
            skip.line,
            skip.reason
        ));
    }
    if let Some(problem) = &report.problem {
        text.push_str(&format!("\n{problem}\n"));
    }
    if let Some(hint) = &report.hint {
        text.push_str(&format!("\n{} {hint}\n", "hint:".cyan().bold()));
    }
    let seconds = format!(
        "{}.{:01} s",
        report.millis / 1000,
        report.millis % 1000 / 100
    );
    let ran = report.steps.len();
    let word = match report.verdict {
        Verdict::Passed => "passed".green().bold().to_string(),
        Verdict::Failed => "FAILED".red().bold().to_string(),
        Verdict::CannotRun => "CANNOT RUN".red().bold().to_string(),
    };
    text.push_str(&format!(
        "\n{word} {}: {ran} commands, {seconds}\n",
        report.lab
    ));
    text
}

/// The last lines of a run: how several labs came out, and which of several runs it was that ends them.
pub fn summary(run: &RunReport) -> String {
    let mut text = String::new();
    if run.labs.len() > 1 {
        text.push_str(&format!(
            "\n{} passed, {} failed, {} could not run\n",
            run.count(Verdict::Passed),
            run.count(Verdict::Failed),
            run.count(Verdict::CannotRun)
        ));
    }
    match run.repeat {
        Some(repeat) if run.verdict != Verdict::Passed => {
            text.push_str(&format!("\nstopped: {repeat} did not pass\n"));
        }
        Some(repeat) if repeat.run == repeat.of => {
            text.push_str(&format!("\nall {} runs passed\n", repeat.of));
        }
        _ => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chapter::source::{Fault, Source};

    #[test]
    fn an_error_is_introduced_once() {
        let shown =
            |problem: &anyhow::Error| anstream::adapter::strip_str(&error(problem)).to_string();
        assert_eq!(shown(&anyhow::anyhow!("no engine")), "error: no engine");
        // Whatever its words.
        assert_eq!(shown(&anyhow::anyhow!("error: odd")), "error: error: odd");
        let faults = Faults {
            source: Source::new("x.md".into(), "text\n".into()),
            faults: vec![Fault::new(1, "odd")],
        };
        assert!(shown(&faults.into()).starts_with("error: x.md:1: odd\n"));
    }
}
