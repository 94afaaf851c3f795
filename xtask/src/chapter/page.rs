//! A chapter: console blocks and their steps, each with its file and line; hints, headings.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::chapter::fence::Fence;
use crate::chapter::source::Source;

/// A page of the book that is also a script.
#[derive(Debug)]
pub struct Chapter {
    /// The file and its text.
    pub source: Source,
    /// The text of the first heading.
    pub title: String,
    /// The chapter's question: the first block quote.
    pub question: String,
    /// The console blocks, in order.
    pub blocks: Vec<Block>,
    /// The hints under "If it fails", in order.
    pub hints: Vec<Hint>,
    /// All headings: level and text.
    pub headings: Vec<(u8, String)>,
}

/// One fenced `console` block.
#[derive(Debug)]
pub struct Block {
    /// The words behind `console`.
    pub fence: Fence,
    /// Which of the page's console blocks it is, from 1.
    pub number: usize,
    /// Line of the opening fence, from 1.
    pub line: usize,
    /// The commands with what they are expected to print.
    pub steps: Vec<Step>,
}

/// One command and its expected result.
#[derive(Debug, Clone)]
pub struct Step {
    /// Line of the `$ `, from 1.
    pub line: usize,
    /// Number of lines the command takes.
    pub lines: usize,
    /// The command, its continuation lines joined by newlines.
    pub command: String,
    /// The expected exit status.
    pub status: i32,
    /// The expected output, wildcards and all.
    pub expected: String,
    /// Bytes of the source from behind the command to the end of the expected output.
    pub result: Range<usize>,
}

/// A hint for a wrong answer of the exercise.
#[derive(Debug, Clone)]
pub struct Hint {
    /// What a line of the wrong output looks like; `otherwise` fits everything.
    pub key: String,
    /// The advice.
    pub text: String,
}

impl Chapter {
    /// Where the chapter is, as `file:line`.
    pub fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.source.path.display())
    }

    /// The blocks that `cargo xtask lab` runs (`exercise` false) or that grade the exercise (true).
    pub fn script(&self, exercise: bool) -> impl Iterator<Item = &Block> {
        self.blocks
            .iter()
            .filter(move |block| block.fence.exercise == exercise && !block.fence.no_run)
    }
}

/// Where the chapter of a lab is, below the course's root.
pub fn path_of(slug: &str) -> PathBuf {
    Path::new("book/src").join(format!("{slug}.md"))
}
