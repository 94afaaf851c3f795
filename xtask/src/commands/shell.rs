//! `cargo xtask shell 3`: the reader's own bash, with the lab's images and the chosen engine.

use std::fs;
use std::os::fd::AsFd;
use std::process::{Child, Command};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use owo_colors::OwoColorize;

use crate::chapter::course::Course;
use crate::engine::choice::{Engine, Wanted};
use crate::engine::programs::{self, Which};
use crate::engine::sandbox::{Bench, shell_quote};
use crate::report::outcome::Verdict;
use crate::run::screen;
use crate::system::lock::Locks;
use crate::system::wait::{Until, pidfd, wait};

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
        shell_quote(&bench.scratch().join("bin").to_string_lossy()),
        lab.number
    );
    fs::write(&startup, text).with_context(|| format!("cannot write {}", startup.display()))?;
    screen::print("`docker` is that engine; the chapter's images are built. Leave with `exit`.\n");
    let bash = Command::new("bash")
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
        .spawn()
        .context("cannot run bash");
    let ended = bash.and_then(wait_for);
    if let Some(trouble) = bench.clean_up() {
        screen::complain(&format!("warning: the clean-up failed: {trouble}\n"));
    }
    ended.map(|()| Verdict::Passed)
}

/// Waits until the reader leaves. If somebody ends us, bash goes as it does when its terminal goes away; it ignores
/// SIGTERM.
fn wait_for(mut bash: Child) -> Result<()> {
    let outcome = pidfd(&bash)
        .and_then(|ended| wait(&[((), ended.as_fd())], Until::interrupt()))
        .map(|_| ());
    if outcome.is_err() {
        let pid = Pid::from_raw(i32::try_from(bash.id())?);
        let _ = kill(pid, Signal::SIGHUP);
    }
    bash.wait()?;
    outcome
}
