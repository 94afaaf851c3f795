//! `cargo xtask lab` without a lab: what there is to run.

use anyhow::Result;
use owo_colors::OwoColorize;

use crate::chapter::course::Course;
use crate::commands::flags::Format;
use crate::report::verdict::Verdict;
use crate::report::{json, text};
use crate::system::print::{complain, print};

/// Lists the labs with their questions. A chapter that cannot be read is told, and hides no other.
pub fn list(course: &Course, format: Format) -> Result<Verdict> {
    let (mut rows, mut verdict) = (Vec::new(), Verdict::Passed);
    for lab in &course.labs {
        match course.chapter(lab) {
            Ok(chapter) => rows.push((lab, chapter.title, chapter.question)),
            Err(error) => {
                complain(&format!("{}\n\n", text::error(&error)));
                verdict = Verdict::CannotRun;
            }
        }
    }
    if format != Format::Text {
        let rows: Vec<_> = rows
            .iter()
            .map(|(lab, title, question)| serde_json::json!({"lab": lab.slug, "title": title, "question": question}))
            .collect();
        print(&match format {
            Format::Jsonl => json::lines(&rows)?,
            _ => json::render(&rows)?,
        });
        return Ok(verdict);
    }
    for (lab, title, question) in rows {
        let number = lab.number.trim_start_matches('0');
        print(&format!(
            "{number:>2}  {} ({})\n    {question}\n",
            title.bold(),
            lab.name()
        ));
    }
    print("\nRun one: cargo xtask lab 3. Run all: cargo xtask lab --all --jobs 4\n");
    Ok(verdict)
}
