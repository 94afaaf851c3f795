//! `cargo xtask clean`: removes whatever the labs left, on every engine that answers.

use std::fs;

use anyhow::{Context, Result};

use crate::chapter::course::Course;
use crate::engine::choice::{Engine, Kind};
use crate::engine::sandbox::{Sandbox, lock_key};
use crate::report::verdict::Verdict;
use crate::system::lock::Locks;
use crate::system::print::{complain, print};

/// Removes containers, processes, images, staged programs and the runner's own folder.
pub fn clean(course: &Course) -> Result<Verdict> {
    let mut verdict = Verdict::Passed;
    for kind in Kind::ALL {
        // Nothing of ours was ever on this engine.
        if !course.scratch().join(kind.name()).exists() {
            continue;
        }
        let Ok(engine) = Engine::probe(kind) else {
            complain(&format!(
                "error: {} does not answer: what is on it stays; start it, then run `cargo xtask clean` again\n",
                kind.name()
            ));
            verdict = Verdict::CannotRun;
            continue;
        };
        for lab in &course.labs {
            let _lock = Locks::acquire(vec![lock_key(kind, lab)], |key| {
                complain(&format!("waiting for a run that holds {key}\n"));
            })?;
            Sandbox::set_up(course, lab, &engine)?.remove()?;
        }
        crate::engine::base::remove(course, &engine)?;
        print(&format!("{}: clean\n", kind.name()));
    }
    for lab in &course.labs {
        remove(&course.folder(lab).join("bin"))?;
    }
    // The folder is how the next `clean` knows which engines to ask.
    if verdict == Verdict::Passed {
        remove(&course.scratch())?;
    }
    Ok(verdict)
}

fn remove(folder: &std::path::Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}
