//! What `cargo xtask` starts: hands over to the runner, and has cargo build it first if it is not up to date.
//!
//! Cargo takes a tenth of a second to look at all that the runner depends on and to find that nothing has changed.
//! This program depends on nothing, and looks only at the files that the runner was built from. It waits for nobody:
//! it becomes the runner, or cargo, so a signal for `cargo xtask` meets the program that does the work.

use std::env;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{SystemTime, UNIX_EPOCH};

use launch::{BUILD_BEGAN, Freshness};

fn main() -> ExitCode {
    let Some(mut next) = next() else {
        eprintln!("error: only cargo can start this program: type `cargo xtask`");
        return ExitCode::from(2);
    };
    let error = next.args(env::args_os().skip(1)).exec();
    eprintln!(
        "error: cannot run {}: {error}",
        next.get_program().display()
    );
    ExitCode::from(2)
}

/// The runner if it is up to date, else cargo. `None` without what cargo tells the programs it runs.
fn next() -> Option<Command> {
    let cargo = env::var_os("CARGO")?;
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?);
    let xtask = package.parent()?;
    let root = xtask.parent()?;
    // Cargo puts the runner beside this program.
    let own = env::current_exe().ok()?;
    let folder = own.parent()?;
    let freshness = Freshness::new(folder, root, cargo.clone());
    if freshness.is_fresh("xtask", &[xtask, &package]) {
        let mut runner = Command::new(folder.join("xtask"));
        runner.env_remove(BUILD_BEGAN);
        return Some(runner);
    }
    // The time before the build: what is edited meanwhile is newer.
    let began = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let mut build = Command::new(cargo);
    build
        .args([
            "run",
            "--profile",
            "lab",
            "--package",
            "xtask",
            "--bin",
            "xtask",
        ])
        .arg("--manifest-path")
        .arg(root.join("Cargo.toml"))
        .arg("--")
        .env(BUILD_BEGAN, began.as_nanos().to_string());
    Some(build)
}
