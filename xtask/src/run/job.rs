//! One thing to run: a lab, its exercise or its solution.

use crate::chapter::course::Lab;
use crate::engine::programs::Which;

/// One thing to run.
#[derive(Debug, Clone)]
pub struct Job {
    /// The lab.
    pub lab: Lab,
    /// The lab itself, its exercise or its solution.
    pub which: Which,
    /// Passes if it fails, and for the reason that the chapter's first hint names.
    pub must_fail: bool,
}

impl Job {
    /// What progress and reports call it.
    pub fn name(&self) -> String {
        match self.which.folder() {
            None => self.lab.slug.clone(),
            Some(folder) => format!("{} {folder}", self.lab.slug),
        }
    }
}
