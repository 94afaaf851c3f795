//! The rule for what a page shows: no line of it is cut at the right edge.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::Result;

use super::{Tree, names};

/// The columns of a line that a page includes from another file.
const INCLUDED: usize = 84;

/// The columns of a line that is written in the page. mdBook's column is 750 pixels wide; 86 characters of its
/// code fit beside a console block's edge, and code keeps two of them free.
const WRITTEN: usize = 86;

/// What a line of a page shows of another file: `{{#include PATH}}` or `{{#include PATH:ANCHOR}}`.
struct Included<'a> {
    path: &'a str,
    anchor: Option<&'a str>,
}

impl Included<'_> {
    fn in_line(line: &str) -> Option<Included<'_>> {
        let (_, rest) = line.split_once("{{#")?;
        let rest = rest.strip_prefix("rustdoc_").unwrap_or(rest);
        let (words, _) = rest.strip_prefix("include ")?.split_once("}}")?;
        let (path, anchor) = match words.trim().split_once(':') {
            Some((path, anchor)) => (path, Some(anchor)),
            None => (words.trim(), None),
        };
        Some(Included { path, anchor })
    }

    /// The lines that are shown, with their numbers; `None` if there is no such anchor.
    fn lines<'t>(&self, text: &'t str) -> Option<Vec<(usize, &'t str)>> {
        let mut shown = self.anchor.is_none();
        let mut found = shown;
        let mut lines = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if let Some(name) = mark(line, "ANCHOR_END:") {
                shown &= self.anchor != Some(name);
            } else if let Some(name) = mark(line, "ANCHOR:") {
                shown |= self.anchor == Some(name);
                found |= shown;
            } else if shown {
                lines.push((index + 1, line));
            }
        }
        found.then_some(lines)
    }
}

/// The name after a mark. mdBook leaves the lines of all marks out.
fn mark<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    line.split_once(word)?.1.split_whitespace().next()
}

impl Tree<'_> {
    /// Every block of every page.
    pub(super) fn pages(&mut self) -> Result<()> {
        let folder = self.root.join("book/src");
        // Two pages may show the same lines.
        let mut told = BTreeSet::new();
        for name in names(&folder)? {
            let path = folder.join(name);
            if path.extension().is_some_and(|extension| extension == "md") {
                let text = fs::read_to_string(&path)?;
                self.page(&path, &text, &mut told);
            }
        }
        Ok(())
    }

    fn page(&mut self, page: &Path, text: &str, told: &mut BTreeSet<(PathBuf, usize)>) {
        let mut fence: Option<&str> = None;
        for (index, line) in text.lines().enumerate() {
            if let Some(words) = line.trim_start().strip_prefix("```") {
                fence = if fence.is_none() { Some(words) } else { None };
                continue;
            }
            let Some(words) = fence else { continue };
            if let Some(included) = Included::in_line(line) {
                self.included(page, index + 1, &included, told);
                continue;
            }
            // What a program prints is as wide as it is; what a reader is to type can go on in the next line.
            let output =
                words.starts_with("console") && !line.starts_with("$ ") && !line.starts_with("> ");
            let columns = line.chars().count();
            if columns > WRITTEN && !output {
                self.fault(
                    page,
                    index + 1,
                    format!("a line of {columns} columns in a block: the page shows {WRITTEN}"),
                    "go on in the next line (a command: \\ at the end, \"> \" in front)",
                );
            }
        }
    }

    fn included(
        &mut self,
        page: &Path,
        line: usize,
        included: &Included<'_>,
        told: &mut BTreeSet<(PathBuf, usize)>,
    ) {
        let path = plain(&page.with_file_name(included.path));
        let Ok(text) = fs::read_to_string(&path) else {
            let what = format!("nothing to include: {} cannot be read", included.path);
            self.fault(page, line, what, "name a file, from the page's folder");
            return;
        };
        let Some(lines) = included.lines(&text) else {
            let what = format!("no such anchor in {}", included.path);
            self.fault(page, line, what, "the file marks it with ANCHOR: NAME");
            return;
        };
        for (number, shown) in lines {
            let columns = shown.chars().count();
            if columns > INCLUDED && told.insert((path.clone(), number)) {
                self.fault(
                    &path,
                    number,
                    format!("a line of {columns} columns that a page includes"),
                    format!("{INCLUDED} fit; break it"),
                );
            }
        }
    }
}

/// The path without its `..`, as a fault is told below the root.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The negative control, with what is just narrow enough, or not shown, beside each fault.
    #[test]
    fn what_would_be_cut_is_a_fault_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let (code, x) = (folder.path().join("labs/01-a"), |count| "x".repeat(count));
        fs::create_dir_all(&code).unwrap();
        fs::create_dir_all(folder.path().join("book/src")).unwrap();
        let lines = [
            x(200),
            "// ANCHOR: a".to_owned(),
            "ä".repeat(84),
            x(85),
            "// ANCHOR_END: a".to_owned(),
            x(200),
        ];
        fs::write(code.join("main.rs"), lines.join("\n")).unwrap();
        fs::write(code.join("whole.sh"), x(85)).unwrap();
        let include = |what: &str| format!("```rust\n{{{{#include ../../labs/01-a/{what}}}}}\n```");
        let page = [
            include("main.rs:a"),
            include("main.rs:a"),
            include("main.rs:b"),
            include("none.rs"),
            include("whole.sh"),
            format!(
                "```console\n$ {}\n$ {}\n> {}\n{}\n```",
                x(84),
                x(85),
                x(86),
                x(200)
            ),
            format!("```yaml\n{}\n```\n{}\n", x(87), x(200)),
        ];
        fs::write(folder.path().join("book/src/01-a.md"), page.join("\n")).unwrap();
        let mut tree = Tree::new(folder.path());
        tree.pages().unwrap();
        let told: Vec<String> = tree
            .faults
            .iter()
            .map(|fault| format!("{}:{}: {}", fault.path.display(), fault.line, fault.what))
            .collect();
        assert_eq!(
            told,
            [
                "labs/01-a/main.rs:4: a line of 85 columns that a page includes",
                "book/src/01-a.md:8: no such anchor in ../../labs/01-a/main.rs",
                "book/src/01-a.md:11: nothing to include: ../../labs/01-a/none.rs cannot be read",
                "labs/01-a/whole.sh:1: a line of 85 columns that a page includes",
                "book/src/01-a.md:18: a line of 87 columns in a block: the page shows 86",
                "book/src/01-a.md:19: a line of 88 columns in a block: the page shows 86",
                "book/src/01-a.md:23: a line of 87 columns in a block: the page shows 86",
            ]
        );
    }
}
