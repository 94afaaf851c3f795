//! The layout rules: every fault of the tree at once, each with its file, line and remedy.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use owo_colors::OwoColorize;

use crate::chapter::Chapter;
use crate::course::{Course, Lab};
use crate::report::Verdict;
use crate::screen;

/// A chapter's sections, in their order.
const SECTIONS: [&str; 6] = [
    "What you need to know",
    "The experiment",
    "What you saw, and why",
    "In your own project",
    "Exercise",
    "If it fails",
];

/// No source file is longer: one idea a file.
const LONGEST: usize = 400;

/// One broken rule.
#[derive(Debug)]
struct Fault {
    path: PathBuf,
    line: usize,
    what: String,
    remedy: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {}\n    {}",
            self.path.display(),
            self.line,
            self.what,
            self.remedy
        )
    }
}

/// Checks the course; a fault is a wrong result.
pub fn tidy(course: &Course) -> Result<Verdict> {
    let faults = faults(course)?;
    for fault in &faults {
        screen::print(&format!("{} {fault}\n", "tidy:".red().bold()));
    }
    match faults.len() {
        0 => screen::print("tidy: no fault\n"),
        count => screen::print(&format!("tidy: {count} faults\n")),
    }
    Ok(if faults.is_empty() {
        Verdict::Passed
    } else {
        Verdict::Failed
    })
}

fn faults(course: &Course) -> Result<Vec<Fault>> {
    let mut tree = Tree {
        root: &course.root,
        faults: Vec::new(),
        names: BTreeMap::new(),
    };
    tree.registered(course)?;
    for lab in &course.labs {
        tree.folder(&course.folder(lab), lab)?;
        match course.chapter(lab) {
            Ok(chapter) => tree.chapter(&chapter, lab),
            Err(error) => tree.fault(
                &course.root.join(crate::chapter::path_of(&lab.slug)),
                1,
                format!("{error:#}"),
                "mend the chapter",
            ),
        }
    }
    tree.texts(&course.root)?;
    tree.faults
        .sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    Ok(tree.faults)
}

struct Tree<'a> {
    root: &'a Path,
    faults: Vec<Fault>,
    /// The lab that starts a container of this name.
    names: BTreeMap<String, String>,
}

impl Tree<'_> {
    fn fault(&mut self, path: &Path, line: usize, what: impl Into<String>, remedy: &'static str) {
        let path = path.strip_prefix(self.root).unwrap_or(path).to_path_buf();
        self.faults.push(Fault {
            path,
            line,
            what: what.into(),
            remedy,
        });
    }

    /// SUMMARY.md, labs/ and book/src/ name the same labs.
    fn registered(&mut self, course: &Course) -> Result<()> {
        let summary = self.root.join("book/src/SUMMARY.md");
        let known = |slug: &str| course.labs.iter().any(|lab| lab.slug == slug);
        for name in names(&self.root.join("labs"))? {
            if !known(&name) {
                self.fault(
                    &self.root.join("labs").join(&name),
                    1,
                    "SUMMARY.md does not name this lab",
                    "add its line, or remove it",
                );
            }
        }
        for name in names(&self.root.join("book/src"))? {
            let Some(slug) = name.strip_suffix(".md") else {
                continue;
            };
            let text = fs::read_to_string(&summary)?;
            if name != "SUMMARY.md" && !text.contains(&format!("({name})")) {
                self.fault(
                    &self.root.join("book/src").join(&name),
                    1,
                    "SUMMARY.md does not name this page",
                    "add its line, or remove it",
                );
            }
            if Lab::from_slug(slug).is_some() && !course.root.join("labs").join(slug).is_dir() {
                self.fault(
                    &self.root.join("book/src").join(&name),
                    1,
                    "a chapter without its folder in labs/",
                    "cargo xtask new writes both",
                );
            }
        }
        Ok(())
    }

    fn folder(&mut self, folder: &Path, lab: &Lab) -> Result<()> {
        let manifest = folder.join("Cargo.toml");
        let Ok(text) = fs::read_to_string(&manifest) else {
            self.fault(
                &manifest,
                1,
                "a lab without its Cargo.toml",
                "cargo xtask new writes one",
            );
            return Ok(());
        };
        if !text.contains(&format!("name = \"{}\"", lab.package())) {
            self.fault(
                &manifest,
                1,
                "another package name than the folder's",
                "name it lab-NN-slug",
            );
        }
        if !text.contains("[lints]\nworkspace = true") {
            self.fault(
                &manifest,
                1,
                "the workspace's lints are not on",
                "add [lints] with workspace = true",
            );
        }
        for part in ["exercise", "solution"] {
            let dockerfile = folder.join(part).join("Dockerfile");
            if !dockerfile.is_file() {
                self.fault(
                    &dockerfile,
                    1,
                    format!("no {part}"),
                    "every lab has an exercise and its solution",
                );
            }
        }
        for path in walk(folder)? {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default()
                .to_owned();
            let text = fs::read_to_string(&path).unwrap_or_default();
            if name.starts_with("Dockerfile") {
                self.dockerfile(&path, &text);
            }
            let executable = fs::metadata(&path)?.permissions().mode() & 0o111 != 0;
            if text.starts_with("#!") && !executable {
                self.fault(
                    &path,
                    1,
                    "a script that is not executable",
                    "chmod +x, and commit that",
                );
            }
        }
        Ok(())
    }

    fn dockerfile(&mut self, path: &Path, text: &str) {
        for (index, line) in text.lines().enumerate() {
            let upper = line.trim_start().to_ascii_uppercase();
            if upper.starts_with("RUN ") || upper.starts_with("ADD ") {
                self.fault(
                    path,
                    index + 1,
                    "RUN and ADD need a network or a builder",
                    "COPY what xtask has built",
                );
            }
            if upper.starts_with("FROM ")
                && !upper.contains("${BASE}")
                && !upper.contains("SCRATCH")
                && !upper.contains("FROM LAB")
            {
                self.fault(
                    path,
                    index + 1,
                    "a fixed base image",
                    "ARG BASE=debian:bookworm-slim, then FROM ${BASE}",
                );
            }
        }
    }

    fn chapter(&mut self, chapter: &Chapter, lab: &Lab) {
        let path = self.root.join(&chapter.source.path);
        if chapter.question.is_empty() {
            self.fault(
                &path,
                1,
                "no question",
                "begin with a block quote: the chapter's question in one line",
            );
        }
        let headings: Vec<&str> = chapter
            .headings
            .iter()
            .map(|(_, text)| text.as_str())
            .collect();
        let mut rest = headings.iter();
        for section in SECTIONS {
            if !rest.any(|heading| *heading == section) {
                self.fault(
                    &path,
                    1,
                    format!("no section \"{section}\", or not in its place"),
                    "book/STYLE.md has the order",
                );
                break;
            }
        }
        if chapter.script(false).next().is_none() {
            self.fault(
                &path,
                1,
                "nothing to run",
                "a chapter shows what happens in console blocks",
            );
        }
        if chapter.script(true).next().is_none() {
            self.fault(
                &path,
                1,
                "no grader",
                "the exercise needs a console,exercise block",
            );
        }
        if chapter.hints.is_empty() {
            self.fault(
                &path,
                1,
                "no hints",
                "list them under \"If it fails\", the start's own reason first",
            );
        }
        for step in chapter.blocks.iter().flat_map(|block| &block.steps) {
            self.container_names(&path, step.line, &step.command, lab);
            let sleeps = step
                .command
                .split([';', '&', '|', '\n'])
                .any(|part| part.trim_start().starts_with("sleep "));
            if sleeps && !step.command.contains("sleep infinity") && !step.command.contains('&') {
                self.fault(
                    &path,
                    step.line,
                    "a fixed sleep",
                    "wait for a line or a state (book/STYLE.md)",
                );
            }
            if step.expected.lines().any(|line| line.trim() == "[..]")
                && step.expected.lines().count() > 3
                && step.expected.lines().all(|line| line.trim() == "[..]")
            {
                self.fault(
                    &path,
                    step.line,
                    "an output of wildcards only",
                    "show what happened",
                );
            }
        }
    }

    /// Names are unique in the book and end with the lab's number, as labs run side by side.
    fn container_names(&mut self, path: &Path, line: usize, command: &str, lab: &Lab) {
        for name in crate::collide::values_of(command, "--name") {
            if name.contains(['$', '{']) {
                continue;
            }
            if !name.ends_with(&lab.number) {
                self.fault(
                    path,
                    line,
                    format!("container name {name}"),
                    "end it with the lab's number",
                );
            }
            let owner = self
                .names
                .entry(name.clone())
                .or_insert_with(|| lab.slug.clone())
                .clone();
            if owner != lab.slug {
                self.fault(
                    path,
                    line,
                    format!("container name {name} is {owner}'s too"),
                    "choose another",
                );
            }
        }
    }

    /// What holds for every text of ours.
    fn texts(&mut self, root: &Path) -> Result<()> {
        let parts = [
            "labs",
            "xtask",
            "book/src",
            "book/STYLE.md",
            "README.md",
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
                let Ok(text) = fs::read_to_string(&path) else {
                    continue;
                };
                self.text(&path, &text);
            }
        }
        Ok(())
    }

    fn text(&mut self, path: &Path, text: &str) {
        let extension = path
            .extension()
            .and_then(|extension| extension.to_str())
            .unwrap_or_default();
        if extension == "rs" {
            if !text.starts_with("//!") && !path.starts_with(self.root.join("xtask/src/templates"))
            {
                self.fault(
                    path,
                    1,
                    "a source file that does not say what it is",
                    "open it with //!",
                );
            }
            let lines = text.lines().count();
            if lines > LONGEST {
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

/// The names in a folder, sorted; hidden ones left out.
fn names(folder: &Path) -> Result<Vec<String>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    Ok(names)
}

/// The files below a path, but for what is built.
fn walk(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = Vec::new();
    for name in names(path)? {
        let below = path.join(&name);
        let staged = name == "bin"
            && below
                .parent()
                .is_some_and(|parent| parent.join("Cargo.toml").is_file());
        if below.is_symlink() || name == "target" || staged {
            continue;
        }
        files.extend(walk(&below)?);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_tree_is_tidy() {
        let course = Course::open(crate::programs::workspace()).unwrap();
        let faults: Vec<String> = faults(&course)
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    }

    /// The negative control: a course with one fault of each kind.
    #[test]
    fn an_untidy_tree_is_told_all_its_faults() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("book/src/SUMMARY.md", "- [A](01-a.md)\n- [B](02-b.md)\n");
        write(
            "book/src/01-a.md",
            "# A\n\n```console\n$ docker run --name web lab01\n$ sleep 1; true\n```\n",
        );
        write("book/src/02-b.md", "```console,oops\n$ true\n```\n");
        write("book/src/stray.md", "# Stray\n");
        write("labs/01-a/Cargo.toml", "[package]\nname = \"other\"\n");
        let path = concat!("/home", "/me/x");
        write(
            "labs/01-a/src/main.rs",
            &format!("fn main() {{}} \n// {path}"),
        );
        write("labs/01-a/Dockerfile", "FROM debian\nRUN true\n");
        write("labs/01-a/run.sh", "#!/bin/sh\n");
        write("labs/03-c/x", "");
        let course = Course::open(folder.path()).unwrap();
        let text: Vec<String> = faults(&course)
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        let text = text.join("\n");
        for part in [
            "book/src/01-a.md:1: no question",
            "no section \"What you need to know\"",
            "no grader",
            "no hints",
            "book/src/01-a.md:4: container name web",
            "book/src/01-a.md:5: a fixed sleep",
            "unknown fence word `oops`",
            "book/src/stray.md:1: SUMMARY.md does not name this page",
            "book/src/02-b.md:1: a chapter without its folder",
            "labs/02-b/Cargo.toml:1: a lab without its Cargo.toml",
            "labs/01-a/Cargo.toml:1: another package name",
            "labs/01-a/Cargo.toml:1: the workspace's lints are not on",
            "labs/01-a/exercise/Dockerfile:1: no exercise",
            "labs/01-a/solution/Dockerfile:1: no solution",
            "labs/01-a/Dockerfile:1: a fixed base image",
            "labs/01-a/Dockerfile:2: RUN and ADD",
            "labs/01-a/run.sh:1: a script that is not executable",
            "labs/03-c:1: SUMMARY.md does not name this lab",
            "labs/01-a/src/main.rs:1: a source file that does not say what it is",
            "labs/01-a/src/main.rs:1: white space",
            "labs/01-a/src/main.rs:2: a path of one machine",
            "labs/01-a/src/main.rs:2: no newline",
        ] {
            assert!(text.contains(part), "missing: {part}\n{text}");
        }
    }
}
