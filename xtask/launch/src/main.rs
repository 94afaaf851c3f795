//! What `cargo xtask` starts: hands over to the runner, and has cargo build it first if it is not up to date.
//!
//! Cargo takes a tenth of a second to look at all that the runner depends on and to find that nothing has changed.
//! This program depends on nothing, and looks only at the files that the runner was built from. Then it becomes the
//! runner, so a signal for `cargo xtask` meets the program that does the work.
//!
//! It knows in which checkout the command was typed, because cargo says so at run time (`CARGO_MANIFEST_DIR`), and hands
//! that on. What was true when it was compiled means nothing: the checkout may have been moved or copied since.

mod first;
mod parent;

use std::env;
use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::SystemTime;

use launch::{Build, PROFILE, target_folder};

/// What this program was compiled from: the files of its own package, by name.
const SOURCES: [(&str, &str); 8] = [
    ("main.rs", include_str!("main.rs")),
    ("lib.rs", include_str!("lib.rs")),
    ("build.rs", include_str!("build.rs")),
    ("first.rs", include_str!("first.rs")),
    ("freshness.rs", include_str!("freshness.rs")),
    ("parent.rs", include_str!("parent.rs")),
    ("target.rs", include_str!("target.rs")),
    ("tested.rs", include_str!("tested.rs")),
];

fn main() -> ExitCode {
    match next() {
        Ok(mut next) => {
            let error = next.exec();
            let program = next.get_program().display().to_string();
            complain(&format!("cannot run {program}: {error}"))
        }
        Err(status) => status,
    }
}

/// The runner, up to date, or the right launcher. An exit status if there is none.
fn next() -> Result<Command, ExitCode> {
    let told = |name| env::var_os(name).map(PathBuf::from);
    let (Some(cargo), Some(package)) = (told("CARGO"), told("CARGO_MANIFEST_DIR")) else {
        return Err(complain(
            "only cargo can start this program: type `cargo xtask`",
        ));
    };
    let root = package.join("../..").canonicalize();
    let root =
        root.map_err(|error| complain(&format!("no folder {}: {error}", package.display())))?;
    let own = env::current_exe().map_err(|error| complain(&format!("who am I? {error}")))?;
    let near = own.parent().unwrap_or(&own);
    let target = target_folder(&root, Some(near));
    let package = root.join("xtask/launch");
    // In its checkout's own folder it is as right as cargo can make it.
    if !near.starts_with(&target) && !is_made_of(&package) {
        return Ok(relaunch(&cargo, &root, &target));
    }
    let build = Build::new(root.clone(), target, cargo.into());
    let runner = build.folder().join("xtask");
    if !build.is_fresh("xtask", &[&root.join("xtask"), &package]) {
        run_cargo(&build, &root, &runner)?;
    }
    let mut next = Command::new(runner);
    next.arg("--checkout")
        .arg(root)
        .args(env::args_os().skip(1));
    Ok(next)
}

/// Whether this program is that of the checkout with this package: in a target folder that checkouts share, cargo
/// may have taken another one's for up to date.
fn is_made_of(package: &Path) -> bool {
    let same = |(name, text): &(&str, &str)| {
        fs::read(package.join("src").join(name)).is_ok_and(|found| found == text.as_bytes())
    };
    SOURCES.iter().all(same)
}

/// The checkout's own launcher, from a folder that it shares with none.
fn relaunch(cargo: &Path, root: &Path, target: &Path) -> Command {
    let mut next = Command::new(cargo);
    next.args(["run", "--quiet", "--profile", PROFILE])
        .args(["--package", "launch", "--bin", "launch", "--manifest-path"])
        .arg(root.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target)
        .arg("--")
        .args(env::args_os().skip(1));
    next
}

/// Has cargo build the runner, and with the first one what it will need; cargo's own words say how far it is.
fn run_cargo(build: &Build, root: &Path, runner: &Path) -> Result<(), ExitCode> {
    // The time before the build: what is edited meanwhile is newer.
    let began = SystemTime::now();
    let is_first = !runner.exists();
    let beside = match is_first {
        true => first::needed(root, &env::args_os().skip(1).collect::<Vec<_>>()),
        false => Vec::new(),
    };
    let names = beside.iter().map(String::as_str);
    let mut command = build.command(root, names.chain(["xtask"]));
    if !beside.is_empty() {
        // One that does not compile does not stop the others, and the runner will say it where it belongs.
        command.arg("--keep-going");
    }
    let status = parent::run(&mut command)
        .map_err(|error| complain(&format!("cannot run cargo: {error}")))?;
    // A runner where none was is the right one; an older one may not be.
    let only_beside = is_first && status.signal().is_none() && runner.exists();
    if !status.success() && !only_beside {
        let number = status.signal().map(|signal| 128 + signal);
        let number = number.or(status.code()).unwrap_or(2);
        return Err(ExitCode::from(u8::try_from(number).unwrap_or(2)));
    }
    if !runner.exists() {
        let text = "cargo has not put the runner there\nDoes `build.target` in a configuration of yours send it elsewhere?";
        return Err(complain(&format!("no file {}: {text}", runner.display())));
    }
    build.note("xtask", began);
    for name in beside.iter().filter(|_| status.success()) {
        build.note(name, began);
    }
    Ok(())
}

fn complain(text: &str) -> ExitCode {
    eprintln!("error: {text}");
    ExitCode::from(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sources_are_known() {
        let package = env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
        let package = PathBuf::from(package);
        let files = fs::read_dir(package.join("src")).expect("sources").count();
        assert_eq!(files, SOURCES.len());
        assert!(is_made_of(&package));
        assert!(!is_made_of(&package.join("..")));
    }
}
