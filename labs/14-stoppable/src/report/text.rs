//! The report for a terminal: 80 columns, the answer first, and nothing that only colour says.

use std::fmt::Write as _;

use owo_colors::{OwoColorize, Style};

use super::verdict::{Report, Verdict};
use crate::finding::about::{Finding, Severity};
use crate::finding::case::quoted;
use crate::finding::fix::Fix;
use crate::finding::marks::Marks;

/// As wide as a terminal is everywhere.
const WIDTH: usize = 80;

/// The whole report; anstream takes the colours away where they are not wanted.
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    let style = match report.verdict() {
        Verdict::Stoppable => Style::new().green().bold(),
        Verdict::Findings => Style::new().red().bold(),
        Verdict::CouldNotRun => Style::new().yellow().bold(),
    };
    paragraph(&mut text, "", &report.headline(), style);
    if let Some(marks) = &report.marks {
        let _ = writeln!(text, "\n{}", table(&[("", marks)]));
    }
    if let Some(reason) = &report.untraced {
        let line = format!("Not traced: {reason}. What is said below has weaker evidence.");
        paragraph(&mut text, "", &line, Style::new().yellow());
        text.push('\n');
    }
    for (index, finding) in report.findings.iter().enumerate() {
        one(&mut text, index + 1, finding);
    }
    if !report.probes.is_empty() {
        let _ = writeln!(
            text,
            "Experiments, on {} {}:",
            report.engine.0, report.engine.1
        );
        for probe in &report.probes {
            let line = format!("  {:<10} {}", probe.name, probe.result);
            let _ = writeln!(text, "{}", textwrap::fill(&line, wrapped("             ")));
        }
    }
    text
}

/// The verdict, and the names of what was found: for scripts.
pub fn brief(report: &Report) -> String {
    let mut text = match report.verdict() {
        Verdict::Stoppable => "stoppable\n".to_owned(),
        Verdict::Findings => "findings\n".to_owned(),
        Verdict::CouldNotRun => format!(
            "could-not-run: {}\n",
            report.could_not_run.as_deref().unwrap_or_default()
        ),
    };
    for finding in &report.findings {
        let severity = finding.severity;
        let _ = writeln!(text, "{severity} {}", finding.about.name);
    }
    text
}

fn wrapped(indent: &str) -> textwrap::Options<'_> {
    textwrap::Options::new(WIDTH).subsequent_indent(indent)
}

fn paragraph(text: &mut String, indent: &str, words: &str, style: Style) {
    for line in textwrap::wrap(words, textwrap::Options::new(WIDTH - indent.len())) {
        let _ = writeln!(text, "{indent}{}", line.style(style));
    }
}

/// One finding: what, how it is known, why, what to do, and that it helps.
fn one(text: &mut String, number: usize, finding: &Finding) {
    let style = match finding.severity {
        Severity::Error => Style::new().red().bold(),
        Severity::Warning => Style::new().yellow().bold(),
        Severity::Note => Style::new().cyan(),
    };
    let about = finding.about;
    let _ = writeln!(
        text,
        "{number}. {}: {}",
        finding.severity.style(style),
        about.name.bold()
    );
    paragraph(text, "   ", about.title, Style::new());
    for line in &finding.evidence {
        let line = format!("- {line}");
        for line in textwrap::wrap(&line, wrapped("  ").initial_indent("")) {
            let _ = writeln!(text, "   {line}");
        }
    }
    if let Some(fix) = &finding.fix {
        let _ = writeln!(text, "   {} {}", "fix:".green().bold(), fix.text);
        for line in commands(fix) {
            let _ = writeln!(text, "       {line}");
        }
    }
    if let Some(proof) = &finding.proof {
        let _ = writeln!(text, "   {}", "proof, before and after:".green());
        for line in table(&[("before", &proof.before), ("after", &proof.after)]).lines() {
            let _ = writeln!(text, "   {line}");
        }
        if !proof.remaining.is_empty() {
            let _ = writeln!(text, "   what then remains: {}", proof.remaining.join(", "));
        }
    }
    let _ = writeln!(
        text,
        "   {}\n",
        format!("more: stoppable explain {}", about.name).dimmed()
    );
}

/// A fix as one types it.
pub fn commands(fix: &Fix) -> Vec<String> {
    if let Some(patch) = &fix.patch {
        return patch.lines().map(str::to_owned).collect();
    }
    let words = |words: &[String]| {
        words
            .iter()
            .map(|word| quoted(word))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let mut line = format!(
        "docker run {} IMAGE {}",
        words(&fix.options),
        words(&fix.arguments)
    );
    line.truncate(line.trim_end().len());
    vec![line]
}

/// The four marks, a column each.
fn table(columns: &[(&str, &Marks)]) -> String {
    let mut text = String::new();
    if columns.len() > 1 {
        let names: Vec<String> = columns
            .iter()
            .map(|(name, _)| format!("{name:<14}"))
            .collect();
        let _ = writeln!(text, "  {:<13}{}", "", names.concat().trim_end());
    }
    let words: Vec<[String; 4]> = columns.iter().map(|(_, marks)| marks.words()).collect();
    let names = ["handler ran", "drained", "exit code", "time"];
    for (index, name) in names.into_iter().enumerate() {
        let cells: Vec<String> = words
            .iter()
            .map(|words| format!("{:<14}", words[index]))
            .collect();
        let _ = writeln!(text, "  {name:<13}{}", cells.concat().trim_end());
    }
    text
}
