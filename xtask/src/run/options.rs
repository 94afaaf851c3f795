//! How a run is to go.

use std::path::PathBuf;
use std::time::Duration;

/// What holds for all labs of a run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Go on after a wrong result: who blesses wants all of them.
    pub go_on: bool,
    /// Wait for Enter before each command.
    pub step: bool,
    /// Leave the containers.
    pub keep: bool,
    /// A skip is a failure.
    pub deny_skip: bool,
    /// How long one command may take.
    pub timeout: Duration,
    /// How many labs run side by side.
    pub side_by_side: usize,
    /// What the reader sees while they run.
    pub shown: Shown,
    /// Only these blocks, by their numbers on the page, and those before them.
    pub blocks: Option<Vec<usize>>,
    /// The pictures, where they are wanted.
    pub pictures: Option<Wanted>,
}

/// Pictures of the blocks that have one.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Where they are put.
    pub folder: PathBuf,
    /// The program that traces and draws.
    pub stoppable: PathBuf,
    /// They become the book's.
    pub bless: bool,
}

/// What the reader sees of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Each command with its output.
    All,
    /// What is wrong.
    Failures,
    /// Nothing: there is a report in the end.
    Nothing,
    /// What happens, a line of JSON each, for a program that follows it.
    Events,
}
