//! The exercises, in the book's order, as the runner lists them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::run::Runner;

/// The course's exercises.
#[derive(Debug, Clone)]
pub struct Course {
    /// In the book's order; at least one.
    pub exercises: Vec<Exercise>,
}

/// One exercise.
#[derive(Debug, Clone, Deserialize)]
pub struct Exercise {
    /// `03-shell-form`.
    #[serde(rename = "lab")]
    pub slug: String,
    /// The chapter's title.
    pub title: String,
    /// The chapter's question.
    pub question: String,
    /// The chapter's hints, in its order.
    pub hints: Vec<Hint>,
}

/// A hint of the chapter.
#[derive(Debug, Clone, Deserialize)]
pub struct Hint {
    /// What a wrong answer looks like; `otherwise` fits all.
    pub key: String,
    /// The advice.
    pub text: String,
}

impl Exercise {
    /// `3`.
    pub fn number(&self) -> &str {
        self.slug
            .split('-')
            .next()
            .unwrap_or_default()
            .trim_start_matches('0')
    }

    /// Where the learner's files are.
    pub fn folder(&self, root: &Path) -> PathBuf {
        root.join("labs").join(&self.slug).join("exercise")
    }
}

impl Course {
    /// Asks the runner.
    pub fn read(runner: &Runner) -> Result<Course> {
        let listed = runner.list()?;
        let exercises: Vec<Exercise> =
            serde_json::from_str(&listed).context("the runner's list of the labs is none")?;
        if exercises.is_empty() {
            bail!("the book names no lab: book/src/SUMMARY.md");
        }
        Ok(Course { exercises })
    }

    /// The index of `3`, `03`, `shell-form` or `03-shell-form`.
    pub fn find(&self, wanted: &str) -> Result<usize> {
        let number = wanted.parse::<u32>().ok();
        let fits = |exercise: &Exercise| {
            let (digits, name) = exercise.slug.split_once('-').unwrap_or_default();
            exercise.slug == wanted
                || name == wanted
                || (number.is_some() && digits.parse().ok() == number)
        };
        let found = self.exercises.iter().position(fits);
        found.with_context(|| {
            let last = self.exercises.last().map_or("0", Exercise::number);
            format!("no exercise `{wanted}`: they are numbered from 1 to {last}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exercise_is_found_by_number_and_name() {
        let exercise = |slug: &str| Exercise {
            slug: slug.into(),
            title: String::new(),
            question: String::new(),
            hints: Vec::new(),
        };
        let course = Course {
            exercises: vec![exercise("02-pid1"), exercise("03-shell-form")],
        };
        for name in ["3", "03", "shell-form", "03-shell-form"] {
            assert_eq!(course.find(name).unwrap(), 1, "{name}");
        }
        let error = course.find("7").unwrap_err().to_string();
        assert_eq!(error, "no exercise `7`: they are numbered from 1 to 3");
    }
}
