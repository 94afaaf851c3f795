//! What happens in a run, for programs that follow it: one JSON object a line, as it happens. `events.schema.json` beside
//! Cargo.toml describes it; names that are there stay.

use serde::Serialize;

use crate::report::json;
use crate::report::verdict::Verdict;

/// One line. Each names its lab, as labs may run side by side.
#[derive(Debug, Serialize)]
pub struct Line<'a> {
    /// As reports call it: `03-shell-form`, `03-shell-form exercise`.
    pub lab: &'a str,
    /// What happened.
    #[serde(flatten)]
    pub event: Event<'a>,
}

/// What happened.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event<'a> {
    /// A lab begins.
    Lab {
        /// `docker`, `podman` or `pocket`.
        engine: &'a str,
        /// Its chapter, below the course's root.
        chapter: &'a str,
        /// The chapter's title.
        title: &'a str,
        /// The chapter's question.
        question: &'a str,
        /// The console blocks that are going to run, by their numbers on the page, from 1.
        blocks: &'a [usize],
    },
    /// A console block begins.
    Block {
        /// Its number on the page, from 1.
        block: usize,
        /// The line of its fence.
        line: usize,
    },
    /// A command begins.
    Step {
        /// Its line in the chapter.
        line: usize,
        /// The command.
        command: &'a str,
    },
    /// The command prints.
    Output {
        /// Some of its output; a line may come in pieces.
        text: &'a str,
    },
    /// The command has ended.
    StepEnded {
        /// Its line in the chapter.
        line: usize,
        /// Whether it did what the book says.
        passed: bool,
        /// Its exit status; null if it was killed at its deadline.
        status: Option<i32>,
        /// The exit status that the book has.
        expected_status: i32,
        /// How its output differs from the book's.
        #[serde(
            skip_serializing_if = "Option::is_none",
            serialize_with = "json::plain"
        )]
        difference: Option<String>,
        /// How long it took, in milliseconds.
        millis: u128,
    },
    /// A block does not run here.
    Skipped {
        /// The line of its fence.
        line: usize,
        /// Why, and how to get it to run.
        reason: &'a str,
    },
    /// A lab has ended.
    LabEnded {
        /// How it came out.
        verdict: Verdict,
        /// What is wrong, in words.
        #[serde(
            skip_serializing_if = "Option::is_none",
            serialize_with = "json::plain"
        )]
        problem: Option<String>,
        /// The hint for the exercise's reader.
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<&'a str>,
        /// The key of that hint.
        #[serde(skip_serializing_if = "Option::is_none")]
        hint_key: Option<&'a str>,
        /// How long it took, images and all, in milliseconds.
        millis: u128,
    },
}

impl Line<'_> {
    /// The line, its end and all.
    pub fn render(&self) -> String {
        // Strings and numbers: there is nothing that JSON could not say.
        serde_json::to_string(self).map_or_else(|_| String::new(), |line| line + "\n")
    }
}
