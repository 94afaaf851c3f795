//! `.dockerignore`: what of the context nobody is to see. The classic builder's, so `Dockerfile.dockerignore`,
//! which only BuildKit reads, is a file like any other.

use crate::build::pattern::{BadPattern, Pattern};

/// The lines of a `.dockerignore`.
#[derive(Debug, Default)]
pub(crate) struct Ignore(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    pattern: Pattern,
    /// As it stands there, without `!`.
    text: String,
    /// `!`: what it matches is kept.
    keeps: bool,
}

/// The line that is no pattern.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadLine {
    Pattern(String),
    Lone,
}

impl Ignore {
    /// Reads the file's text.
    pub(crate) fn parse(text: &str) -> Result<Self, BadLine> {
        let mut rules = Vec::new();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // A comment has its sign in the very first column.
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let line = line.trim();
            let (keeps, path) = match line.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, line),
            };
            if path.is_empty() {
                if keeps {
                    return Err(BadLine::Lone);
                }
                continue;
            }
            let path = clean(path);
            // `/x` is `x`; a lone slash means nothing that could be in a context.
            let path = path
                .strip_prefix('/')
                .filter(|rest| !rest.is_empty())
                .unwrap_or(&path);
            let pattern =
                Pattern::of_ignore(path).map_err(|BadPattern| BadLine::Pattern(line.to_owned()))?;
            rules.push(Rule {
                pattern,
                text: path.to_owned(),
                keeps,
            });
        }
        Ok(Self(rules))
    }

    /// Whether a path is left out. The last line that matches it, or a folder that it is in, decides.
    pub(crate) fn leaves_out(&self, path: &str) -> bool {
        let folders = path.match_indices('/').map(|(end, _)| &path[..end]);
        let above: Vec<&str> = folders.collect();
        let mut out = false;
        for rule in self.0.iter().filter(|_| !path.is_empty()) {
            // What would change nothing need not match.
            if rule.keeps == out
                && (rule.pattern.matches(path)
                    || above.iter().any(|folder| rule.pattern.matches(folder)))
            {
                out = !rule.keeps;
            }
        }
        out
    }

    /// Whether to look into a folder that is left out: only if a `!` line begins with its very name.
    pub(crate) fn may_keep_in(&self, folder: &str) -> bool {
        let inside = format!("{folder}/");
        let mut keeping = self.0.iter().filter(|rule| rule.keeps);
        keeping.any(|rule| format!("{}/", rule.text).starts_with(&inside))
    }
}

/// The shortest path of the same meaning: Go's `filepath.Clean`.
pub(crate) fn clean(path: &str) -> String {
    let top = if path.starts_with('/') { "/" } else { "" };
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." if names.last().is_some_and(|last| *last != "..") => {
                names.pop();
            }
            ".." if !top.is_empty() => {}
            name => names.push(name),
        }
    }
    match format!("{top}{}", names.join("/")) {
        path if path.is_empty() => ".".to_owned(),
        path => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_line_decides() {
        for (text, path, want) in [
            ("a", "a", true),
            ("a", "a/b/c", true),
            ("a", "b/a", false),
            ("/a/", "a", true),
            ("./a/../b", "b", true),
            ("# a\n#\n\n  a  ", "a", true),
            (" # a", "a", false),
            ("*.md\n!R.md", "R.md", false),
            ("*.md\n!R.md", "S.md", true),
            ("!R.md\n*.md", "R.md", true),
            ("*\n!a/b", "a/b/c", false),
            ("*\n!a/b", "a/c", true),
            ("a\n!a/b\na/b/c", "a/b/c/d", true),
            ("a\n! a/b", "a/b", false),
            ("*/x", "a/x", true),
            ("*/x", "a/b/x", false),
            ("**/x", "a/b/x", true),
            ("\u{feff}a", "a", true),
            ("a\r\nb\r\n", "b", true),
            ("..", "a", false),
            (".", "a", false),
            ("/", "a", false),
        ] {
            let ignore = Ignore::parse(text).expect(text);
            assert_eq!(ignore.leaves_out(path), want, "{text:?} {path}");
        }
    }

    #[test]
    fn where_to_look_for_what_is_kept() {
        let ignore = Ignore::parse("*\n!a/b/c\n!**/d").expect("valid");
        for (folder, want) in [("a", true), ("a/b", true), ("a/bc", false), ("x", false)] {
            assert_eq!(ignore.may_keep_in(folder), want, "{folder}");
        }
    }

    #[test]
    fn what_is_no_pattern() {
        assert_eq!(Ignore::parse("!").err(), Some(BadLine::Lone));
        assert_eq!(
            Ignore::parse("a\n[").err(),
            Some(BadLine::Pattern("[".into()))
        );
    }
}
