//! The rules for a chapter: its sections, its commands, its names.

use std::path::Path;

use super::Tree;
use crate::chapter::course::Lab;
use crate::chapter::page::Chapter;

/// A chapter's sections, in their order.
const SECTIONS: [&str; 6] = [
    "What you need to know",
    "The experiment",
    "What you saw, and why",
    "In your own project",
    "Exercise",
    "If it fails",
];

/// What ends one command and begins the next.
const ENDS: [char; 4] = [';', '&', '|', '\n'];

impl Tree<'_> {
    pub(super) fn chapter(&mut self, chapter: &Chapter, lab: &Lab) {
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
            if several_at_once(&step.command, &step.expected) {
                self.fault(
                    &path,
                    step.line,
                    "several containers at once, in a fixed order",
                    "an engine does them side by side: | sort",
                );
            }
            let sleeps = step
                .command
                .split(ENDS)
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
        for name in crate::run::resources::values_of(command, "--name") {
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
}

/// Whether a command does something to several containers and prints their names in no order that anything promises.
/// `podman rm` starts them all and names each as it goes
/// ([parallel](https://github.com/containers/podman/blob/v4.3.1/pkg/parallel/parallel.go)); so does a newer docker.
fn several_at_once(command: &str, expected: &str) -> bool {
    let mut parts = command.split(ENDS).map(str::trim);
    let acts = |part: &str| {
        let mut words = part.split_whitespace();
        words.next() == Some("docker") && words.next().is_some_and(|verb| SEVERAL.contains(&verb))
    };
    let Some(part) = parts.by_ref().find(|part| acts(part)) else {
        return false;
    };
    let named = expected
        .lines()
        .filter(|line| part.split_whitespace().any(|word| word == *line))
        .count();
    named > 1 && parts.next() != Some("sort")
}

/// What takes several names, and prints each.
const SEVERAL: [&str; 7] = ["kill", "pause", "restart", "rm", "start", "stop", "unpause"];
