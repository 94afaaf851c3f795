//! The rules for every text of ours: what it opens with, how long it is, how its lines end.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::{Tree, names, walk};

/// No source file of a program is longer: one idea a file. (A file of tests is a list, read a test at a time.)
const LONGEST: usize = 600;

impl Tree<'_> {
    /// What holds for every text of ours.
    pub(super) fn texts(&mut self, root: &Path) -> Result<()> {
        let parts = [
            "labs",
            "xtask",
            "book/src",
            "book/STYLE.md",
            "README.md",
            "CONTRIBUTING.md",
            ".ci",
            ".github",
            ".devcontainer",
            "Cargo.toml",
        ];
        for part in parts
            .map(|part| root.join(part))
            .into_iter()
            .filter(|part| part.exists())
        {
            for path in walk(&part)? {
                match fs::read_to_string(&path) {
                    Ok(text) => self.text(&path, &text),
                    Err(_) => self.no_text(&path),
                }
            }
        }
        // What lies at the top by accident is not to be committed with the rest.
        for path in names(root)?.iter().map(|name| root.join(name)) {
            if path.is_file() && fs::read_to_string(&path).is_err() {
                self.no_text(&path);
            }
        }
        Ok(())
    }

    /// Text can be read and compared. What is none has a note beside it that says what it was made from.
    fn no_text(&mut self, path: &Path) {
        let mut note = path.as_os_str().to_owned();
        note.push(".txt");
        if fs::read_to_string(note).is_ok_and(|text| !text.trim().is_empty()) {
            return;
        }
        let remedy = "all that belongs here is text: move it away, or say what it is made from in a file beside it, NAME.txt";
        self.fault(path, 1, "a file that is no text", remedy);
    }

    fn text(&mut self, path: &Path, text: &str) {
        let extension = path
            .extension()
            .and_then(|extension| extension.to_str())
            .unwrap_or_default();
        if extension == "rs" {
            self.compiled_paths(path, text);
            if !text.starts_with("//!")
                && !path.starts_with(self.root.join("xtask/src/author/templates"))
            {
                self.fault(
                    path,
                    1,
                    "a source file that does not say what it is",
                    "open it with //!",
                );
            }
            let lines = text.lines().count();
            let test = path.components().any(|part| part.as_os_str() == "tests");
            if lines > LONGEST && !test {
                self.fault(
                    path,
                    lines,
                    format!("{lines} lines"),
                    "split it: one idea a file",
                );
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            self.fault(
                path,
                text.lines().count(),
                "no newline at the end",
                "add one",
            );
        }
        for (index, line) in text.lines().enumerate() {
            // A console block's output is what it is.
            if line.ends_with([' ', '\t']) && extension != "md" {
                self.fault(
                    path,
                    index + 1,
                    "white space at the end of the line",
                    "remove it",
                );
            }
            // Written in two parts, or this line would break its own rule.
            let home = concat!("/home", "/");
            if line.contains(home) && !line.contains("/home/user") {
                self.fault(
                    path,
                    index + 1,
                    "a path of one machine",
                    "write a relative path",
                );
            }
        }
    }
}
