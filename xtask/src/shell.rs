//! `cargo xtask shell 3`: the reader's own bash, with the lab's images and the chosen engine.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use owo_colors::OwoColorize;

use crate::bench::Bench;
use crate::course::Course;
use crate::engine::{Engine, Wanted};
use crate::lock::Locks;
use crate::programs::{self, Which};
use crate::report::Verdict;
use crate::screen;

/// Runs an interactive bash; its exit status is not a verdict.
pub fn shell(course: &Course, wanted: &str, engine: Wanted) -> Result<Verdict> {
    let lab = course.find(wanted)?;
    let engine = Engine::choose(engine)?;
    screen::print(&format!("{} {}\n", "engine:".bold(), engine.describe()));
    programs::stage(course, &[(lab.clone(), Which::Lab)])?;
    let key = format!("{}/lab {}", engine.kind.name(), lab.slug);
    let _locks = Locks::acquire(vec![key], |key| {
        screen::complain(&format!("waiting for another run, which holds {key}\n"));
    })?;
    let bench = Bench::set_up(course, &lab, &engine)?;
    bench.build_images(Which::Lab)?;
    // The reader's own settings first, then ours: their .bashrc may put other programs first on PATH.
    let startup = bench.scratch().join("bashrc");
    let text = format!(
        "[ -f ~/.bashrc ] && . ~/.bashrc\nPATH={}:$PATH\nPS1='(lab {}) \\w\\$ '\n",
        bench.scratch().join("bin").display(),
        lab.number
    );
    fs::write(&startup, text).with_context(|| format!("cannot write {}", startup.display()))?;
    screen::print("`docker` is that engine; the chapter's images are built. Leave with `exit`.\n");
    let status = Command::new("bash")
        .arg("--rcfile")
        .arg(&startup)
        .arg("-i")
        .current_dir(&bench.folder)
        .envs(
            bench
                .environment()
                .into_iter()
                .filter(|(name, _)| name != "LC_ALL" && name != "TZ"),
        )
        .status()
        .context("cannot run bash");
    if let Some(trouble) = bench.clean_up() {
        screen::complain(&format!("warning: the clean-up failed: {trouble}\n"));
    }
    status.map(|_| Verdict::Passed)
}
