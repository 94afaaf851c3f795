//! `cargo xtask shell 3`: the reader's own bash, with the lab's images and the chosen engine.

use std::fs;
use std::os::fd::AsFd;
use std::process::{Child, Command};

use anyhow::{Context, Result};
use clap::Args;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use owo_colors::OwoColorize;

use crate::chapter::course::Course;
use crate::commands::flags::EngineFlag;
use crate::engine::choice::Engine;
use crate::engine::programs::{self, Which};
use crate::engine::sandbox::{Sandbox, lock_key};
use crate::engine::shim::shell_quote;
use crate::report::verdict::Verdict;
use crate::system::checkout;
use crate::system::lock::Locks;
use crate::system::print::{complain, print};
use crate::system::wait::{Until, pidfd, wait};

/// `cargo xtask shell`
#[derive(Debug, Args)]
pub struct ShellArgs {
    /// 3, 03, shell-form or 03-shell-form
    lab: String,
    #[command(flatten)]
    engine: EngineFlag,
}

/// Runs an interactive bash; its exit status is not a verdict.
pub fn shell(course: &Course, arguments: &ShellArgs) -> Result<Verdict> {
    let lab = course.find(&arguments.lab)?;
    checkout::is_writable(&course.root)?;
    let engine = Engine::choose(arguments.engine.kind())?;
    print(&format!("{} {}\n", "engine:".bold(), engine.describe()));
    programs::stage(course, &[(lab.clone(), Which::Lab)])?;
    let _locks = Locks::acquire(vec![lock_key(engine.kind, &lab)], |key| {
        complain(&format!("waiting for another run, which holds {key}\n"));
    })?;
    let sandbox = Sandbox::set_up(course, &lab, &engine)?;
    sandbox.build_images(&Which::Lab)?;
    // The reader's own settings first, then ours: their .bashrc may put other programs first on PATH.
    let startup = sandbox.scratch().join("bashrc");
    let text = format!(
        "[ -f ~/.bashrc ] && . ~/.bashrc\nPATH={}:$PATH\nPS1='(lab {}) \\w\\$ '\n",
        shell_quote(&sandbox.scratch().join("bin").to_string_lossy()),
        lab.number
    );
    fs::write(&startup, text).with_context(|| format!("cannot write {}", startup.display()))?;
    print("`docker` is that engine; the chapter's images are built. Leave with `exit`.\n");
    let bash = Command::new("bash")
        .arg("--rcfile")
        .arg(&startup)
        .arg("-i")
        .current_dir(&sandbox.folder)
        .envs(
            sandbox
                .environment()
                .into_iter()
                .filter(|(name, _)| name != "LC_ALL" && name != "TZ"),
        )
        .spawn()
        .context("cannot run bash");
    let ended = bash.and_then(wait_for);
    if let Some(trouble) = sandbox.clean_up() {
        complain(&format!("warning: the clean-up failed: {trouble}\n"));
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
