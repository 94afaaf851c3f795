//! What was graded, and how it came out. An exercise is done when the files that are there now have passed: what somebody
//! remembers, or says, does not count.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::course::{Course, Exercise};
use crate::source::{self, KEPT};

/// The file, and what is in it.
#[derive(Debug)]
pub struct Progress {
    path: PathBuf,
    graded: BTreeMap<String, Graded>,
}

/// The last verdict on an exercise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Graded {
    /// The fingerprint of the files that were graded.
    source: String,
    passed: bool,
}

/// How far somebody is with an exercise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// These files have passed.
    Done,
    /// These files have failed.
    Failed,
    /// These files were not graded yet.
    Open,
}

impl Progress {
    /// Reads it. A file that cannot be understood is kept under another name, and told.
    pub fn open(root: &Path) -> Result<Progress> {
        let path = root.join(KEPT).join("progress.json");
        let graded = match fs::read_to_string(&path) {
            Ok(text) => match serde_json::from_str(&text) {
                Ok(graded) => graded,
                Err(error) => {
                    let aside = path.with_extension("json.broken");
                    fs::rename(&path, &aside)
                        .with_context(|| format!("cannot move {} aside", path.display()))?;
                    eprintln!(
                        "warning: {} is no progress of ours ({error}); it is {} now",
                        path.display(),
                        aside.display()
                    );
                    BTreeMap::new()
                }
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        Ok(Progress { path, graded })
    }

    /// Notes a verdict on the files with this fingerprint, on the disk before it is shown.
    pub fn note(&mut self, exercise: &Exercise, source: String, passed: bool) -> Result<()> {
        let graded = Graded { source, passed };
        if self.graded.get(&exercise.slug) == Some(&graded) {
            return Ok(());
        }
        self.graded.insert(exercise.slug.clone(), graded);
        let context = || format!("cannot write {}", self.path.display());
        let folder = self.path.parent().with_context(context)?;
        // Whole or not at all: a crash in between leaves the old one.
        let new = self.path.with_extension("json.new");
        let text = serde_json::to_string_pretty(&self.graded)?;
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&new, text))
            .and_then(|()| fs::rename(&new, &self.path))
            .with_context(context)
    }

    /// How far somebody is with an exercise.
    pub fn state(&self, root: &Path, exercise: &Exercise) -> State {
        let now = source::fingerprint(root, exercise).ok();
        match self.graded.get(&exercise.slug) {
            Some(graded) if Some(&graded.source) == now.as_ref() => match graded.passed {
                true => State::Done,
                false => State::Failed,
            },
            _ => State::Open,
        }
    }

    /// The first exercise that is not done, or the first.
    pub fn first_open(&self, root: &Path, course: &Course) -> usize {
        let open = |exercise: &Exercise| self.state(root, exercise) != State::Done;
        course.exercises.iter().position(open).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn done_is_what_has_passed_as_it_is_now() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let exercise = Exercise {
            slug: "03-x".into(),
            title: String::new(),
            question: String::new(),
            hints: Vec::new(),
        };
        let file = root.join("labs/03-x/exercise/run.sh");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "right").unwrap();
        let source = || source::fingerprint(root, &exercise).unwrap();
        let mut progress = Progress::open(root).unwrap();
        assert_eq!(progress.state(root, &exercise), State::Open);
        progress.note(&exercise, source(), true).unwrap();
        // From the disk, as after a crash.
        let state = || Progress::open(root).unwrap().state(root, &exercise);
        assert_eq!(state(), State::Done);
        fs::write(&file, "changed").unwrap();
        assert_eq!(state(), State::Open);
        progress.note(&exercise, source(), false).unwrap();
        assert_eq!(state(), State::Failed);
        fs::write(&file, "right").unwrap();
        assert_eq!(state(), State::Open);
    }

    #[test]
    fn what_is_not_understood_is_kept_aside() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join(KEPT)).unwrap();
        let path = root.path().join(KEPT).join("progress.json");
        fs::write(&path, "{\"03-x\": tru").unwrap();
        assert!(Progress::open(root.path()).unwrap().graded.is_empty());
        let aside = fs::read_to_string(path.with_extension("json.broken")).unwrap();
        assert_eq!(aside, "{\"03-x\": tru");
    }
}
