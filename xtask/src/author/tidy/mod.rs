//! The layout rules: every fault of the tree at once, each with its file, line and remedy.

mod chapters;
mod compiled_paths;
mod imports;
mod labs;
mod mutants;
mod order;
mod pictures;
mod rooms;
mod texts;
mod width;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use self::order::CRATES;
use crate::chapter::course::{Course, Lab};
use crate::chapter::source::Faults;

/// One broken rule.
#[derive(Debug)]
pub struct Fault {
    path: PathBuf,
    line: usize,
    what: String,
    remedy: String,
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

/// Every fault of the course, in the order of its files.
pub fn faults(course: &Course) -> Result<Vec<Fault>> {
    let mut tree = Tree::new(&course.root);
    tree.registered(course)?;
    for lab in &course.labs {
        tree.folder(&course.folder(lab), lab)?;
        match course.chapter(lab) {
            Ok(chapter) => {
                tree.chapter(&chapter, lab);
                tree.chapter_pictures(&chapter, lab);
                tree.mutants(&course.folder(lab), &chapter, lab);
            }
            Err(error) => tree.malformed(&error, lab),
        }
    }
    tree.stray_pictures();
    tree.texts(&course.root)?;
    tree.pages()?;
    for rooms in &CRATES {
        tree.rooms(rooms)?;
    }
    tree.faults
        .sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    Ok(tree.faults)
}

struct Tree<'a> {
    root: &'a Path,
    faults: Vec<Fault>,
    /// The lab that starts a container of this name.
    names: BTreeMap<String, String>,
    /// Pictures that a block draws.
    pictures: BTreeSet<String>,
}

impl Tree<'_> {
    fn new(root: &Path) -> Tree<'_> {
        Tree {
            root,
            faults: Vec::new(),
            names: BTreeMap::new(),
            pictures: BTreeSet::new(),
        }
    }

    fn fault(
        &mut self,
        path: &Path,
        line: usize,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let path = path.strip_prefix(self.root).unwrap_or(path).to_path_buf();
        self.faults.push(Fault {
            path,
            line,
            what: what.into(),
            remedy: remedy.into(),
        });
    }

    /// A chapter that cannot be read: each of its faults where it is.
    fn malformed(&mut self, error: &anyhow::Error, lab: &Lab) {
        let path = self.root.join(crate::chapter::page::path_of(&lab.slug));
        match error.downcast_ref::<Faults>() {
            Some(Faults { faults, .. }) => {
                for fault in faults {
                    let remedy = fault.help.as_deref().unwrap_or("mend the chapter");
                    self.fault(&path, fault.line, fault.message.as_str(), remedy);
                }
            }
            None => self.fault(&path, 1, format!("{error:#}"), "mend the chapter"),
        }
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
        let course = Course::open(crate::system::checkout::root().unwrap()).unwrap();
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
            "# A\n\n```console\n$ docker run --name web lab01\n$ sleep 1; true\n$ docker rm -f a b\na\nb\n\
             $ docker rm -f a b | sort\na\nb\n```\n",
        );
        write("book/src/02-b.md", "# B\n\n```console,oops\n$ true\n```\n");
        write("book/src/stray.md", "# Stray\n");
        write("labs/01-a/Cargo.toml", "[package]\nname = \"other\"\n");
        let path = concat!("/home", "/me/x");
        write(
            "labs/01-a/src/main.rs",
            &format!("fn main() {{}} \n// {path}"),
        );
        let compiled = concat!("//! X\nconst X: &str = env", "!(\"OUT_DIR\");\n");
        write("labs/01-a/src/bin/where.rs", compiled);
        write("labs/01-a/Dockerfile", "FROM debian\nRUN true\n");
        write("labs/01-a/run.sh", "#!/bin/sh\n");
        write(
            "labs/01-a/mutants/README.md",
            "# A\n\n- `gone`, `137`: It is not there.\n- `lost`, `otherwise`: Nobody builds it.\n",
        );
        write("labs/01-a/mutants/lost/main.rs", "//! Wrong.\n");
        write("labs/01-a/mutants/stray/Dockerfile", "FROM scratch\n");
        write("labs/03-c/x", "");
        fs::write(folder.path().join("some.whl"), b"PK\xff\xfe").unwrap();
        fs::write(folder.path().join("noted.png"), b"PNG\xff\xfe").unwrap();
        fs::write(folder.path().join("noted.png.txt"), "made from this\n").unwrap();
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
            "book/src/01-a.md:6: several containers at once",
            "book/src/02-b.md:3: unknown fence word `oops`",
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
            "labs/01-a/mutants/README.md:1: 2 wrong answers, not 5",
            "labs/01-a/mutants/README.md:1: no answer that is written down",
            "labs/01-a/mutants/README.md:3: a wrong answer that is not there",
            "labs/01-a/mutants/README.md:3: the chapter has no hint `137`",
            "labs/01-a/mutants/README.md:4: the chapter has no hint `otherwise`",
            "labs/01-a/mutants/lost/main.rs:1: nobody builds 01-mutant-lost",
            "labs/01-a/mutants/stray:1: a wrong answer that is not on the list",
            "some.whl:1: a file that is no text",
            "labs/03-c:1: SUMMARY.md does not name this lab",
            "labs/01-a/src/bin/where.rs:2: env",
            "labs/01-a/src/main.rs:1: a source file that does not say what it is",
            "labs/01-a/src/main.rs:1: white space",
            "labs/01-a/src/main.rs:2: a path of one machine",
            "labs/01-a/src/main.rs:2: no newline",
        ] {
            assert!(text.contains(part), "missing: {part}\n{text}");
        }
        assert!(!text.contains("01-a.md:9: several"), "{text}");
        assert!(!text.contains("noted.png"), "{text}");
    }
}
