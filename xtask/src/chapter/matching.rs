//! Compares what a command printed with what the book says.

use snapbox::Data;
use snapbox::filter::NormalizeToExpected;
use snapbox::report::{Palette, write_diff};

use crate::system::interrupt::{self, Interrupted};

/// Whether `actual` is what `expected`, wildcards and all, asks for. `[..]` stands for any text within a line, a line
/// `...` for any number of lines.
pub fn matches(actual: &str, expected: &str) -> Result<bool, Interrupted> {
    let (actual, expected) = (ending_in_newline(actual), ending_in_newline(expected));
    let lines = |text| -> Vec<&str> { str::split_terminator(text, '\n').collect() };
    lines_match(&lines(&actual), &lines(&expected))
}

/// What stands before the first `...` has to be at the start, what stands behind the last one at the end. For each run
/// of lines between, the first place where it fits is as good as any: it leaves the most to those that follow. So
/// nothing is ever tried twice.
fn lines_match(actual: &[&str], expected: &[&str]) -> Result<bool, Interrupted> {
    let runs: Vec<&[&str]> = expected.split(|line| *line == "...").collect();
    let [first, middle @ .., last] = &runs[..] else {
        return Ok(actual.len() == expected.len() && begins(actual, expected));
    };
    if actual.len() < first.len() + last.len() {
        return Ok(false);
    }
    let (mut rest, end) = actual.split_at(actual.len() - last.len());
    if !begins(rest, first) || !begins(end, last) {
        return Ok(false);
    }
    rest = &rest[first.len()..];
    for run in middle {
        loop {
            // A run may be a million lines away.
            interrupt::check()?;
            if rest.len() < run.len() {
                return Ok(false);
            }
            if begins(rest, run) {
                break;
            }
            rest = &rest[1..];
        }
        rest = &rest[run.len()..];
    }
    Ok(true)
}

fn begins(actual: &[&str], expected: &[&str]) -> bool {
    let mut pairs = actual.iter().zip(expected);
    actual.len() >= expected.len() && pairs.all(|(line, wanted)| line_matches(line, wanted))
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
pub fn normalize(actual: &str, expected: &str) -> Result<String, Interrupted> {
    let text = ending_in_newline(expected);
    if matches(actual, expected)? {
        return Ok(text);
    }
    let normalized = NormalizeToExpected::new()
        .redact()
        .normalize(Data::text(ending_in_newline(actual)), &Data::text(&text))
        .to_string();
    // snapbox lets two pieces of a line match the same text. What does not match is not to look as if it did.
    Ok(match normalized == text {
        true => ending_in_newline(actual),
        false => normalized,
    })
}

/// How many lines of an output a diff shows before those that are left out, and how many behind them.
const SHOWN: usize = 100;

/// How long a line of an output may be in a diff, in bytes, if the book has no longer ones.
const WIDTH: usize = 1000;

/// The difference, in colour, as a unified diff.
pub fn diff(actual: &str, expected: &str) -> Result<String, Interrupted> {
    let mut text = String::new();
    let names: [Option<&dyn std::fmt::Display>; 2] = [Some(&"the book"), Some(&"this run")];
    let expected = ending_in_newline(expected);
    let actual = abridge(&normalize(actual, &expected)?, &expected);
    // Writing to a String cannot fail.
    let _ = write_diff(
        &mut text,
        &Data::text(expected),
        &Data::text(actual),
        names[0],
        names[1],
        Palette::color(),
    );
    Ok(text)
}

/// What a reader can take in of an output, and a diff algorithm, too: not a million lines, and not a line of a million
/// letters. What is left out is told, so that nothing becomes equal by it.
fn abridge(actual: &str, expected: &str) -> String {
    let longest = expected.lines().map(str::len).max().unwrap_or_default();
    let width = longest.max(WIDTH);
    let lines: Vec<&str> = actual.lines().collect();
    let pairs = lines.iter().zip(expected.lines());
    let same = pairs.take_while(|(line, wanted)| *line == wanted).count();
    let (head, tail) = (same + SHOWN, SHOWN.max(expected.lines().count()));
    let mut text = String::new();
    let mut show = |lines: &[&str]| {
        for line in lines {
            let mut end = width.min(line.len());
            while !line.is_char_boundary(end) {
                end -= 1;
            }
            text.push_str(&line[..end]);
            if end < line.len() {
                text.push_str(&format!(" (and {} bytes more)", line.len() - end));
            }
            text.push('\n');
        }
    };
    if lines.len() <= head + tail {
        show(&lines);
    } else {
        let behind = lines.len() - tail;
        show(&lines[..head]);
        show(&[&format!("({} lines are left out here)", behind - head)]);
        show(&lines[behind..]);
    }
    text
}

/// Empty lines at the end are layout, not output; no output at all is no line at all. (That the last line has no newline
/// is the one difference that a page cannot show.)
pub fn ending_in_newline(text: &str) -> String {
    let text = text.trim_end_matches('\n');
    if text.is_empty() {
        String::new()
    } else {
        format!("{text}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(actual: &str, expected: &str) -> bool {
        super::matches(actual, expected).unwrap()
    }

    fn diff(actual: &str, expected: &str) -> String {
        let coloured = super::diff(actual, expected).unwrap();
        anstream::adapter::strip_str(&coloured).to_string()
    }

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

    /// By definition: try every length for each wildcard. Takes for ever on anything but the smallest texts.
    fn by_definition<T: PartialEq>(actual: &[T], expected: &[Option<T>]) -> bool {
        match expected {
            [] => actual.is_empty(),
            [None, rest @ ..] => {
                (0..=actual.len()).any(|skip| by_definition(&actual[skip..], rest))
            }
            [Some(wanted), rest @ ..] => {
                actual.first() == Some(wanted) && by_definition(&actual[1..], rest)
            }
        }
    }

    /// All sequences of up to `length` of these.
    fn sequences<T: Copy>(of: &[T], length: usize) -> Vec<Vec<T>> {
        let mut all = vec![Vec::new()];
        let mut from = 0;
        for _ in 0..length {
            let to = all.len();
            for index in from..to {
                for item in of {
                    let mut longer = all[index].clone();
                    longer.push(*item);
                    all.push(longer);
                }
            }
            from = to;
        }
        all
    }

    #[test]
    fn every_small_case_is_as_the_definition_says() {
        let mut agreed = [0, 0];
        for expected in sequences(&[Some("a"), Some("b"), None], 5) {
            let lines: Vec<&str> = expected.iter().map(|item| item.unwrap_or("...")).collect();
            let line: String = expected.iter().map(|item| item.unwrap_or("[..]")).collect();
            for actual in sequences(&["a", "b"], 6) {
                let wanted = by_definition(&actual, &expected);
                agreed[usize::from(wanted)] += 1;
                assert_eq!(
                    lines_match(&actual, &lines).unwrap(),
                    wanted,
                    "{actual:?} {lines:?}"
                );
                assert_eq!(
                    line_matches(&actual.concat(), &line),
                    wanted,
                    "{actual:?} {line}"
                );
            }
        }
        assert!(agreed.iter().all(|count| *count > 1000), "{agreed:?}");
    }

    /// Tried one way after the other these would outlast the reader.
    #[test]
    fn many_wildcards_over_many_equal_lines_are_quick() {
        let actual = "GET / 200\n".repeat(100_000);
        let expected = "...\nGET / 200\n".repeat(50);
        assert!(matches(&actual, &expected));
        assert!(!matches(&actual, &format!("{expected}...\ndrained\n")));
        let line = "x".repeat(100_000);
        assert!(matches(&line, &"[..]x".repeat(50)));
        assert!(!matches(&line, &format!("{}y", "[..]x".repeat(50))));
    }

    #[test]
    fn a_diff_of_much_output_shows_its_ends_and_says_what_it_leaves_out() {
        let text = diff(
            &format!("first\n{}last\n", "GET / 200\n".repeat(100_000)),
            "first\n...\nGET / 200\n...\nGET / 200\n...\ndrained\n",
        );
        assert!(text.lines().count() < 400, "{} lines", text.lines().count());
        for shown in [" first", "- drained", "+ last", "lines are left out here)"] {
            assert!(text.contains(shown), "no {shown:?} in\n{text}");
        }
        let text = diff(&"ü".repeat(100_000), "ü");
        assert!(text.len() < 5000 && text.contains("(and 199000 bytes more)"));
        // What the book has and what is equal is never cut.
        let long = format!("{}\n", "x".repeat(3000));
        assert!(!diff(&format!("{long}a"), &format!("{long}b")).contains("more)"));
        let many = "same\n".repeat(5000);
        assert!(!diff(&format!("{many}a"), &format!("{many}b")).contains("left out"));
    }

    #[test]
    fn a_diff_takes_what_matches_for_what_it_stands_for() {
        let text = diff("id 4711\nnew\n", "id [..]\nold\n");
        assert!(text.contains("id [..]") && !text.contains("4711"), "{text}");
        assert!(text.contains("- old") && text.contains("+ new"), "{text}");
    }
}
