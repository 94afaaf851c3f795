//! The report for a pull request.

use std::fmt::Write as _;

use super::text::commands;
use super::verdict::Report;
use crate::finding::marks::Marks;

/// The whole report.
pub fn render(report: &Report) -> String {
    let mut text = format!(
        "### {}: {}\n",
        escaped(&report.image),
        escaped(&report.headline())
    );
    if let Some(marks) = &report.marks {
        let _ = writeln!(
            text,
            "\n| handler ran | drained | exit code | time |\n| --- | --- | --- | --- |\n{}",
            row(marks)
        );
    }
    if let Some(reason) = &report.untraced {
        let _ = writeln!(
            text,
            "\nNot traced: {}. The evidence is weaker.",
            escaped(reason)
        );
    }
    for finding in &report.findings {
        let severity = finding.severity;
        let _ = writeln!(
            text,
            "\n**{severity}: `{}`**: {}\n",
            finding.about.name,
            escaped(finding.about.title)
        );
        for line in &finding.evidence {
            let _ = writeln!(text, "- {}", escaped(line));
        }
        if let Some(fix) = &finding.fix {
            let language = if fix.patch.is_some() { "diff" } else { "sh" };
            let code = commands(fix).join("\n");
            let _ = writeln!(
                text,
                "\nFix: {}\n\n{}",
                escaped(&fix.text),
                fenced(language, &code)
            );
        }
        if let Some(proof) = &finding.proof {
            let _ = writeln!(
                text,
                "\n| | handler ran | drained | exit code | time |\n| --- | --- | --- | --- | --- |\n| before {}\n| after {}",
                row(&proof.before),
                row(&proof.after)
            );
        }
    }
    let _ = writeln!(
        text,
        "\nBy `stoppable` on {} {}.",
        report.engine.0, report.engine.1
    );
    text
}

fn row(marks: &Marks) -> String {
    format!("| {} |", marks.words().join(" | "))
}

/// Code between fences that are longer than any in it.
fn fenced(language: &str, code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{code}\n{fence}")
}

/// Text that a container chose is no markup.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if "\\`*_{}[]<>#|!~@".contains(character) {
            out.push('\\');
        }
        out.push(if character.is_control() {
            ' '
        } else {
            character
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_containers_words_are_no_markup() {
        assert_eq!(escaped("<b>*x*\n# y"), "\\<b\\>\\*x\\* \\# y");
        assert_eq!(fenced("sh", "a ```` b"), "`````sh\na ```` b\n`````");
    }
}
