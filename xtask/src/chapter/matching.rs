//! Compares what a command printed with what the book says, and rewrites the book when asked to.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use snapbox::Data;
use snapbox::filter::NormalizeToExpected;
use snapbox::report::{Palette, write_diff};

use crate::chapter::page::{Chapter, Step};
use crate::chapter::source::Source;

/// Whether `actual` is what `expected`, wildcards and all, asks for. `[..]` stands for any text within a line, a line
/// `...` for any number of lines.
pub fn matches(actual: &str, expected: &str) -> bool {
    let (actual, expected) = (ending_in_newline(actual), ending_in_newline(expected));
    let lines = |text| -> Vec<&str> { str::split_terminator(text, '\n').collect() };
    lines_match(&lines(&actual), &lines(&expected))
}

fn lines_match(actual: &[&str], expected: &[&str]) -> bool {
    match expected {
        [] => actual.is_empty(),
        ["...", rest @ ..] => (0..=actual.len()).any(|skip| lines_match(&actual[skip..], rest)),
        [line, rest @ ..] => actual
            .split_first()
            .is_some_and(|(first, others)| line_matches(first, line) && lines_match(others, rest)),
    }
}

/// Each piece between wildcards has to be there, in this order, and no two of them may share a byte.
pub fn line_matches(actual: &str, expected: &str) -> bool {
    let pieces: Vec<&str> = expected.split("[..]").collect();
    let [first, middle @ .., last] = &pieces[..] else {
        return actual == expected;
    };
    let between = actual
        .strip_prefix(first)
        .and_then(|rest| rest.strip_suffix(last));
    let Some(mut rest) = between else {
        return false;
    };
    middle.iter().all(|piece| match rest.split_once(piece) {
        Some((_, behind)) => {
            rest = behind;
            true
        }
        None => false,
    })
}

/// The output as the book would show it: the lines that a wildcard of `expected` matches become that wildcard.
fn normalize(actual: &str, expected: &str) -> String {
    let text = ending_in_newline(expected);
    let normalized = NormalizeToExpected::new()
        .redact()
        .normalize(Data::text(ending_in_newline(actual)), &Data::text(&text))
        .to_string();
    // snapbox lets two pieces of a line match the same text. What does not match is not to look as if it did.
    match normalized == text && !matches(actual, expected) {
        true => ending_in_newline(actual),
        false => normalized,
    }
}

/// The difference, in colour, as a unified diff.
pub fn diff(actual: &str, expected: &str) -> String {
    let mut text = String::new();
    let names: [Option<&dyn std::fmt::Display>; 2] = [Some(&"the book"), Some(&"this run")];
    let expected_data = Data::text(ending_in_newline(expected));
    let actual_data = Data::text(normalize(actual, expected));
    // Writing to a String cannot fail.
    let _ = write_diff(
        &mut text,
        &expected_data,
        &actual_data,
        names[0],
        names[1],
        Palette::color(),
    );
    text
}

/// Empty lines at the end are layout, not output; no output at all is no line at all. (That the last line has no newline
/// is the one difference that a page cannot show.)
fn ending_in_newline(text: &str) -> String {
    let text = text.trim_end_matches('\n');
    if text.is_empty() {
        String::new()
    } else {
        format!("{text}\n")
    }
}

/// What a step really did.
#[derive(Debug, Clone)]
pub struct Actual {
    /// Its exit status.
    pub status: i32,
    /// Its output.
    pub output: String,
}

/// Writes the results of `steps` into the chapter at `path`, whose text was `old`; keeps the wildcards that still match.
pub fn bless(path: &Path, old: &str, steps: &[(Step, Actual)]) -> Result<()> {
    let mut blessed: Vec<Step> = steps
        .iter()
        .map(|(step, actual)| Step {
            status: actual.status,
            expected: normalize(&actual.output, &step.expected),
            ..step.clone()
        })
        .collect();
    let mut text = old.to_owned();
    // From the end, so that the places of the others stay true.
    blessed.sort_by_key(|step| std::cmp::Reverse(step.result.start));
    for step in &blessed {
        let status = match step.status {
            0 => String::new(),
            status => format!("? {status}\n"),
        };
        text.replace_range(step.result.clone(), &format!("{status}{}", step.expected));
    }
    reads_back(path, old, &text, &blessed)?;
    let now =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(
        now == old,
        "{} has changed since the run began: nothing was written",
        path.display()
    );
    let new = path.with_extension("md.new");
    fs::write(&new, text)
        .and_then(|()| fs::rename(&new, path))
        .inspect_err(|_| drop(fs::remove_file(&new)))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Whether the new chapter says what it is to say. A line of output may look like a fence, a command, a status.
fn reads_back(path: &Path, old: &str, new: &str, blessed: &[Step]) -> Result<()> {
    let steps = |text: &str| -> Result<Vec<Step>> {
        let chapter = Chapter::parse(Source::new(path.to_owned(), text.to_owned()))?;
        Ok(chapter
            .blocks
            .into_iter()
            .flat_map(|block| block.steps)
            .collect())
    };
    let (before, after) = (steps(old)?, steps(new).unwrap_or_default());
    for (index, step) in before.iter().enumerate() {
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

    #[test]
    fn wildcards_match_within_a_line_and_over_lines() {
        assert!(matches("real 0m1.003s\nuser\nsys\n", "real 0m1[..]\n...\n"));
        assert!(matches("a\nb\nc", "a\n...\nc\n"));
        assert!(matches("", ""));
        assert!(matches("137\n\n", "137\n"));
        assert!(matches("a, 1, 2, z", "a, [..], [..], z"));
        assert!(matches("xyy", "[..][..]y"));
        assert!(matches("a\nb\nc\nb\nd", "a\n...\nb\nd"));
    }

    #[test]
    fn a_difference_is_a_difference() {
        for (actual, expected) in [
            ("137", "143"),
            ("", "x"),
            ("x", ""),
            ("a\nb", "a"),
            ("0m2.1", "0m1[..]"),
            ("a\n\nb", "a\nb"),
            ("0\r\n", "0"),
            ("137  ", "137"),
            // snapbox says yes to these three.
            ("a, 1, z", "a, [..], [..], z"),
            ("took 5 ms", "took [..] [..] ms"),
            ("ab", "ab[..]ab"),
        ] {
            assert!(!matches(actual, expected), "{actual:?} {expected:?}");
            assert!(!diff(actual, expected).is_empty());
        }
    }

    #[test]
    fn bless_keeps_wildcards_that_still_match() {
        let before = "```console\n$ one\nid [..]\nold\n$ two\n? 3\n$ three\nsame\n```\n";
        let chapter = Chapter::parse(Source::new("x.md".into(), before.into())).unwrap();
        let actual = |status, output: &str| Actual {
            status,
            output: output.into(),
        };
        let results = [
            actual(0, "id 4711\nnew\n"),
            actual(0, ""),
            actual(137, "same\n"),
        ];
        let steps: Vec<_> = chapter.blocks[0]
            .steps
            .iter()
            .cloned()
            .zip(results)
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.md");
        fs::write(&path, before).unwrap();
        bless(&path, before, &steps).unwrap();
        let after = "```console\n$ one\nid [..]\nnew\n$ two\n$ three\n? 137\nsame\n```\n";
        assert_eq!(fs::read_to_string(&path).unwrap(), after);
    }

    #[test]
    fn bless_writes_only_what_reads_back() {
        let before = "```console\n$ one\nold\n$ two\n```\n";
        let chapter = Chapter::parse(Source::new("x.md".into(), before.into())).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.md");
        for output in ["```", "$ rm -rf x", "> more", "? 3"] {
            fs::write(&path, before).unwrap();
            let actual = Actual {
                status: 0,
                output: output.into(),
            };
            let steps = [(chapter.blocks[0].steps[0].clone(), actual)];
            let error = bless(&path, before, &steps).unwrap_err().to_string();
            assert!(error.contains("x.md:2: "), "{output}: {error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), before);
        }
        fs::write(&path, "edited meanwhile").unwrap();
        assert!(bless(&path, before, &[]).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "edited meanwhile");
    }
}
