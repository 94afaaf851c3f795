//! How something came out: one word, and one exit status.

use serde::Serialize;

/// How a lab, or a whole run, came out. Later is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything is as the book says.
    Passed,
    /// Something is not.
    Failed,
    /// The machine could not run it: nothing is known about the book.
    CannotRun,
}

impl Verdict {
    /// The exit status of the runner.
    pub fn exit_status(self) -> u8 {
        match self {
            Verdict::Passed => 0,
            Verdict::Failed => 1,
            Verdict::CannotRun => 2,
        }
    }
}
