//! `cargo xtask lab` without a lab: what there is to run.

use anyhow::Result;
use owo_colors::OwoColorize;
use serde_json::json;

use crate::chapter::course::Course;
use crate::chapter::page::Hint;
use crate::commands::flags::Format;
use crate::report::verdict::Verdict;
use crate::report::{json as document, text};
use crate::system::print::{complain, print};

/// Lists the labs with their questions. A chapter that cannot be read is told, and hides no other.
pub fn list(course: &Course, format: Format) -> Result<Verdict> {
    let (mut rows, mut verdict) = (Vec::new(), Verdict::Passed);
    for lab in &course.labs {
        match course.chapter(lab) {
            Ok(chapter) => rows.push((lab, chapter)),
            Err(error) => {
                complain(&format!("{}\n\n", text::error(&error)));
                verdict = Verdict::CannotRun;
            }
        }
    }
    if format != Format::Text {
        let hint = |hint: &Hint| json!({"key": hint.key, "text": hint.text});
        let rows = rows.iter().map(|(lab, chapter)| {
            let hints: Vec<_> = chapter.hints.iter().map(hint).collect();
            json!({
                "lab": lab.slug, "title": chapter.title, "question": chapter.question, "hints": hints
            })
        });
        let rows: Vec<_> = rows.collect();
        print(&match format {
            Format::Jsonl => document::lines(&rows)?,
            _ => document::render(&rows)?,
        });
        return Ok(verdict);
    }
    for (lab, chapter) in rows {
        let number = lab.number.trim_start_matches('0');
        print(&format!(
            "{number:>2}  {} ({})\n    {}\n",
            chapter.title.bold(),
            lab.name(),
            chapter.question
        ));
    }
    print("\nRun one: cargo xtask lab 3. Run all: cargo xtask lab --all --jobs 4\n");
    Ok(verdict)
}
