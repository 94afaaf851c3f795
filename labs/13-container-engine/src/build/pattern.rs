//! Patterns of paths: those of COPY, which are Go's `filepath.Match`, and those of .dockerignore, which have
//! `**` in addition (<https://docs.docker.com/build/concepts/context/#dockerignore-files>; the code is
//! github.com/moby/patternmatcher). The patterns of .gitignore mean something else.

use std::iter::Peekable;
use std::str::Chars;

/// A pattern that was understood.
#[derive(Debug)]
pub(crate) struct Pattern(Vec<Part>);

/// What one part of a pattern matches.
#[derive(Debug)]
enum Part {
    Letter(char),
    /// `?`: a letter, but no slash.
    Any,
    /// `[a-z]`, `[^a]`.
    Set(bool, Vec<(char, char)>),
    /// `*`: letters, but no slash.
    Name,
    /// `**/`: nothing, or any folders.
    Folders,
    /// `**` at the end: anything.
    Rest,
}

/// The pattern is no pattern: a set without an end, a backslash at the end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadPattern;

impl Pattern {
    /// As COPY takes it: two stars are but a star.
    pub(crate) fn of_copy(text: &str) -> Result<Self, BadPattern> {
        Self::parse(text, false)
    }

    /// As .dockerignore takes it.
    pub(crate) fn of_ignore(text: &str) -> Result<Self, BadPattern> {
        Self::parse(text, true)
    }

    fn parse(text: &str, deep: bool) -> Result<Self, BadPattern> {
        let mut parts = Vec::new();
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            parts.push(match letter {
                '*' if deep && letters.next_if_eq(&'*').is_some() => {
                    let slash = letters.next_if_eq(&'/').is_some();
                    // At the beginning, and with no other sign, `**x` is whatever ends with x.
                    let plain = !letters.clone().any(|c| "*?[]\\".contains(c));
                    if letters.peek().is_none() || (parts.is_empty() && !slash && plain) {
                        Part::Rest
                    } else {
                        Part::Folders
                    }
                }
                '*' => Part::Name,
                '?' => Part::Any,
                '[' => set(&mut letters)?,
                '\\' => Part::Letter(letters.next().ok_or(BadPattern)?),
                other => Part::Letter(other),
            });
        }
        Ok(Self(parts))
    }

    /// Whether a path, all of it, is one that the pattern means.
    pub(crate) fn matches(&self, path: &str) -> bool {
        let path: Vec<char> = path.chars().collect();
        // At which letters of the path the parts so far may end.
        let mut ends = vec![false; path.len() + 1];
        ends[0] = true;
        for part in &self.0 {
            let mut next = vec![false; path.len() + 1];
            let mut before = false;
            for at in 0..=path.len() {
                let last = at.checked_sub(1).map(|last| path[last]);
                let from_last = last.is_some() && ends[at - 1];
                next[at] = match part {
                    Part::Letter(letter) => from_last && last == Some(*letter),
                    Part::Any => from_last && last != Some('/'),
                    Part::Set(inside, ranges) => {
                        let is_in =
                            |c| ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
                        from_last && last.is_some_and(|c| is_in(c) == *inside)
                    }
                    Part::Name => ends[at] || (last.is_some_and(|c| c != '/') && next[at - 1]),
                    Part::Folders => ends[at] || (before && last == Some('/')),
                    Part::Rest => ends[at] || before,
                };
                before |= ends[at];
            }
            ends = next;
        }
        ends[path.len()]
    }
}

/// What follows `[`, to the `]`.
fn set(letters: &mut Peekable<Chars<'_>>) -> Result<Part, BadPattern> {
    let inside = letters.next_if_eq(&'^').is_none();
    let mut ranges = Vec::new();
    loop {
        if !ranges.is_empty() && letters.next_if_eq(&']').is_some() {
            return Ok(Part::Set(inside, ranges));
        }
        let low = letter(letters)?;
        let high = if letters.next_if_eq(&'-').is_some() {
            letter(letters)?
        } else {
            low
        };
        ranges.push((low, high));
    }
}

/// One end of a range.
fn letter(letters: &mut Peekable<Chars<'_>>) -> Result<char, BadPattern> {
    match letters.next() {
        Some('\\') => letters.next().ok_or(BadPattern),
        Some('-' | ']') | None => Err(BadPattern),
        Some(c) => Ok(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_gos_filepath_match() {
        // From the table of path/filepath/match_test.go.
        for (pattern, path, want) in [
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*c", "abc", true),
            ("a*", "ab/c", false),
            ("a*/b", "abc/b", true),
            ("a*/b", "a/c/b", false),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/f", true),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/fff", false),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("ab[c]", "abc", true),
            ("ab[e-g]", "abc", false),
            ("ab[^e-g]", "abc", true),
            ("ab[^b-d]", "abc", false),
            ("a\\*b", "a*b", true),
            ("a\\*b", "ab", false),
            ("a?b", "a\u{263a}b", true),
            ("[a-\u{3b6}]*", "\u{3b1}", true),
            ("a?b", "a/b", false),
            ("[\\]a]", "]", true),
            ("[\\-x]", "-", true),
            ("[x\\-]", "z", false),
            ("*x", "xxx", true),
            ("**", "a/b", false),
        ] {
            let parsed = Pattern::of_copy(pattern).expect(pattern);
            assert_eq!(parsed.matches(path), want, "{pattern} {path}");
        }
        for bad in [
            "[]a]", "[-]", "[x-]", "[-x]", "[", "[^", "[^bc", "a[", "a\\", "[a-b-c]",
        ] {
            assert_eq!(Pattern::of_copy(bad).err(), Some(BadPattern), "{bad}");
        }
    }

    #[test]
    fn two_stars() {
        // From the table of moby/patternmatcher's test.
        for (pattern, path, want) in [
            ("**", "file", true),
            ("**/", "dir/file", true),
            ("**/**", "dir/file", true),
            ("dir/**", "dir/dir2/file", true),
            ("dir/**", "dir", false),
            ("**/dir2/*", "dir/dir2/file", true),
            ("**/dir2/**", "dir/dir2/dir2/file", true),
            ("**file", "dir/file", true),
            ("**file", "dir/xfile", true),
            ("**/file", "xfile", false),
            ("**/file", "file", true),
            ("**file*", "dir/xfile", false),
            ("**/*.txt", "a/b/c.txt", true),
            ("a**", "abc/d", true),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("a/**/b", "a/xb", false),
            (".*", ".foo", true),
            ("abc.def", "abcZdef", false),
            ("a(b)c", "a(b)c", true),
        ] {
            let parsed = Pattern::of_ignore(pattern).expect(pattern);
            assert_eq!(parsed.matches(path), want, "{pattern} {path}");
        }
    }
}
