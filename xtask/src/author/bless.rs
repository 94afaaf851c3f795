//! `--bless`: the chapter rewritten with what happened.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::chapter::course::{Course, Lab};
use crate::chapter::matching::{ending_in_newline, normalize};
use crate::chapter::page::{Chapter, Step};
use crate::chapter::reader;
use crate::chapter::source::Source;
use crate::report::outcome::{LabReport, StepReport};
use crate::report::verdict::Verdict;

/// Writes what a wrong run printed into its chapter, which then is right. A run that did not come to its end is no
/// source for the book.
pub fn bless(course: &Course, lab: &Lab, report: &mut LabReport) -> Result<()> {
    if report.verdict != Verdict::Failed || !report.complete || report.steps.is_empty() {
        return Ok(());
    }
    let chapter = course.chapter(lab)?;
    rewrite(
        &course.root.join(&chapter.source.path),
        &chapter,
        &report.steps,
    )?;
    report.verdict = Verdict::Passed;
    report.steps.iter_mut().for_each(|step| step.passed = true);
    let path = chapter.source.path.display();
    report.problem = Some(format!("blessed: {path} now says what happened"));
    Ok(())
}

/// Writes the results of `ran` into the chapter at `path`; keeps the wildcards that still match.
fn rewrite(path: &Path, chapter: &Chapter, ran: &[StepReport]) -> Result<()> {
    let mut blessed = Vec::new();
    for report in ran {
        let mut steps = chapter.blocks.iter().flat_map(|block| &block.steps);
        let step = steps.find(|step| {
            (step.line, &step.command) == (report.line, &report.command)
                && (step.status, &step.expected) == (report.expected_status, &report.expected)
        });
        let step = step.with_context(|| {
            format!(
                "{} has changed since the run began: nothing was written",
                path.display()
            )
        })?;
        blessed.push(Step {
            status: report.status.unwrap_or(step.status),
            expected: normalize(&report.output, &step.expected)?,
            ..step.clone()
        });
    }
    let mut text = chapter.source.text.clone();
    // From the end, so that the places of the others stay true.
    blessed.sort_by_key(|step| std::cmp::Reverse(step.result.start));
    for step in &blessed {
        let status = match step.status {
            0 => String::new(),
            status => format!("? {status}\n"),
        };
        text.replace_range(step.result.clone(), &format!("{status}{}", step.expected));
    }
    reads_back(path, chapter, &text, &blessed)?;
    let new = path.with_extension("md.new");
    fs::write(&new, text)
        .and_then(|()| fs::rename(&new, path))
        .inspect_err(|_| drop(fs::remove_file(&new)))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Whether the new chapter says what it is to say. A line of output may look like a fence, a command, a status.
fn reads_back(path: &Path, old: &Chapter, new: &str, blessed: &[Step]) -> Result<()> {
    let new = reader::parse(Source::new(path.to_owned(), new.to_owned()));
    let after: Vec<Step> = new.map_or_else(
        |_| Vec::new(),
        |new| {
            new.blocks
                .into_iter()
                .flat_map(|block| block.steps)
                .collect()
        },
    );
    let before = old.blocks.iter().flat_map(|block| &block.steps);
    for (index, step) in before.enumerate() {
        let wanted = blessed.iter().find(|wanted| wanted.line == step.line);
        let wanted = wanted.unwrap_or(step);
        let same = after.get(index).is_some_and(|read| {
            (&read.command, read.status) == (&wanted.command, wanted.status)
                && ending_in_newline(&read.expected) == ending_in_newline(&wanted.expected)
        });
        ensure!(
            same,
            "{}:{}: a console block cannot show what this command prints (a line of it reads as a fence, a command or a \
             status): let the command print something else",
            path.display(),
            step.line
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of a chapter whose commands ended so.
    fn after(before: &str, results: &[(i32, &str)]) -> Result<String> {
        let chapter = reader::parse(Source::new("x.md".into(), before.into())).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.md");
        fs::write(&path, before).unwrap();
        let rewritten = rewrite(&path, &chapter, &reports(&chapter, results));
        let text = fs::read_to_string(&path).unwrap();
        assert!(rewritten.is_ok() || text == before, "{text}");
        rewritten.map(|()| text)
    }

    fn reports(chapter: &Chapter, results: &[(i32, &str)]) -> Vec<StepReport> {
        let steps = chapter.blocks.iter().flat_map(|block| &block.steps);
        let report = |(step, (status, output)): (&Step, &(i32, &str))| StepReport {
            line: step.line,
            command: step.command.clone(),
            expected: step.expected.clone(),
            output: (*output).to_owned(),
            expected_status: step.status,
            status: Some(*status),
            passed: false,
            millis: 0,
        };
        steps.zip(results).map(report).collect()
    }

    #[test]
    fn wildcards_that_still_match_are_kept() {
        let before = "```console\n$ one\nid [..]\nold\n$ two\n? 3\n$ three\nsame\n```\n";
        let results = [(0, "id 4711\nnew\n"), (0, ""), (137, "same\n")];
        let expected = "```console\n$ one\nid [..]\nnew\n$ two\n$ three\n? 137\nsame\n```\n";
        assert_eq!(after(before, &results).unwrap(), expected);
    }

    #[test]
    fn only_what_reads_back_is_written() {
        let before = "```console\n$ one\nold\n$ two\n```\n";
        for output in ["```", "$ rm -rf x", "> more", "? 3"] {
            let error = after(before, &[(0, output)]).unwrap_err().to_string();
            assert!(error.contains("x.md:2: "), "{output}: {error}");
        }
    }

    #[test]
    fn a_chapter_that_was_edited_meanwhile_is_left_alone() {
        let text = "```console\n$ one\nold\n```\n";
        let chapter = reader::parse(Source::new("x.md".into(), text.into())).unwrap();
        let ran = reports(&chapter, &[(0, "new")]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.md");
        for edited in [
            text.replace("old", "older"),
            text.replace("one", "two"),
            format!("\n{text}"),
        ] {
            fs::write(&path, &edited).unwrap();
            let now = reader::parse(Source::new("x.md".into(), edited.clone())).unwrap();
            let error = rewrite(&path, &now, &ran).unwrap_err().to_string();
            assert!(error.contains("has changed since the run began"), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), edited);
        }
    }
}
