//! One thing to run: a lab, its exercise, its solution or a wrong answer.

use crate::chapter::course::Lab;
use crate::engine::programs::Which;

/// One thing to run.
#[derive(Debug, Clone)]
pub struct Job {
    /// The lab.
    pub lab: Lab,
    /// The lab itself, or an answer to its exercise.
    pub which: Which,
    /// Passes if it is refused, with the hint of this key.
    pub refusal: Option<String>,
}

impl Job {
    /// What progress and reports call it.
    pub fn name(&self) -> String {
        match (&self.which, self.which.folder()) {
            (_, None) => self.lab.slug.clone(),
            (Which::Mutant(name), _) => format!("{} mutant {name}", self.lab.slug),
            (_, Some(folder)) => format!("{} {folder}", self.lab.slug),
        }
    }
}
