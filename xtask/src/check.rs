//! Compares what a command printed with what the book says, and rewrites the book when asked to.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use snapbox::Data;
use snapbox::filter::NormalizeToExpected;
use snapbox::report::{Palette, write_diff};

use crate::chapter::Step;

/// The output as the book would show it: the lines that a wildcard of `expected` matches become that wildcard.
/// Equal to `expected` if, and only if, it is as expected.
pub fn normalize(actual: &str, expected: &str) -> String {
    let expected = Data::text(ending_in_newline(expected));
    let actual = Data::text(ending_in_newline(actual));
    NormalizeToExpected::new()
        .redact()
        .normalize(actual, &expected)
        .to_string()
}

/// Whether `actual` is what `expected`, wildcards and all, asks for.
pub fn matches(actual: &str, expected: &str) -> bool {
    normalize(actual, expected) == ending_in_newline(expected)
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

/// Blank lines at the end are layout, not output; no output at all is no line at all.
fn ending_in_newline(text: &str) -> String {
    let text = text.trim_end_matches(['\n', '\r', ' ']);
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

/// Writes the results of `steps` into the chapter at `path`; keeps the wildcards that still match.
pub fn bless(path: &Path, text: &str, steps: &[(Step, Actual)]) -> Result<()> {
    let mut text = text.to_owned();
    let mut steps: Vec<_> = steps.iter().collect();
    // From the end, so that the places of the others stay true.
    steps.sort_by_key(|(step, _)| std::cmp::Reverse(step.result.start));
    for (step, actual) in steps {
        let status = match actual.status {
            0 => String::new(),
            status => format!("? {status}\n"),
        };
        let output = normalize(&actual.output, &step.expected);
        text.replace_range(step.result.clone(), &format!("{status}{output}"));
    }
    let new = path.with_extension("md.new");
    fs::write(&new, text)
        .and_then(|()| fs::rename(&new, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chapter::Chapter;
    use crate::source::Source;

    #[test]
    fn wildcards_match_within_a_line_and_over_lines() {
        assert!(matches("real 0m1.003s\nuser\nsys\n", "real 0m1[..]\n...\n"));
        assert!(matches("a\nb\nc", "a\n...\nc\n"));
        assert!(matches("", ""));
        assert!(matches("137\n\n", "137\n"));
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
        bless(&path, before, &steps).unwrap();
        let after = "```console\n$ one\nid [..]\nnew\n$ two\n$ three\n? 137\nsame\n```\n";
        assert_eq!(fs::read_to_string(&path).unwrap(), after);
    }
}
