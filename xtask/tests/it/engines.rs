//! Every chapter and every exercise of the book, on every engine that this machine has.
//!
//! An engine that does not answer is a printed skip; with TRAPPING_SIGNALS_DENY_SKIP=1 it is a failure.

use std::path::Path;
use std::process::Command;

use crate::support::{Run, copy, finish};
use tempfile::TempDir;

fn xtask(engine: &str, arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    finish(
        command
            .args(arguments)
            .args(["--engine", engine])
            .env("NO_COLOR", "1"),
    )
}

fn deny_skip() -> bool {
    std::env::var_os("TRAPPING_SIGNALS_DENY_SKIP").is_some_and(|value| value == "1")
}

/// Whether the engine is there; says so when it is not.
fn there(engine: &str) -> bool {
    let run = xtask_doctor();
    let findings: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let wanted = format!("engine {engine}");
    let found = findings
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["what"] == wanted.as_str())
        .unwrap();
    let there = found["ok"] == true;
    assert!(
        there || !deny_skip(),
        "{engine} is not there, and no skip is allowed: {}",
        found["detail"]
    );
    if !there {
        println!("skipped: {engine}: {}", found["detail"]);
    }
    there
}

fn xtask_doctor() -> Run {
    finish(Command::new(env!("CARGO_BIN_EXE_xtask")).args(["doctor", "--format", "json"]))
}

/// Two labs side by side, as two of these tests run side by side on a machine with two cores.
fn every_chapter_and_exercise(engine: &str) {
    if !there(engine) {
        return;
    }
    let mut lab = vec!["lab", "--all", "--jobs", "2", "--quiet"];
    if deny_skip() {
        lab.push("--deny-skip");
    }
    let run = xtask(engine, &lab).ends(0);
    println!("{}", run.stdout);
    let run = xtask(
        engine,
        &["exercise", "--check", "--all", "--jobs", "2", "--quiet"],
    )
    .ends(0);
    println!("{}", run.stdout);
}

#[test]
fn docker() {
    every_chapter_and_exercise("docker");
}

#[test]
fn podman() {
    every_chapter_and_exercise("podman");
}

#[test]
fn pocket() {
    every_chapter_and_exercise("pocket");
}

/// The same with no privilege at all: as the user `nobody` when the tests run as root.
#[test]
fn pocket_as_an_ordinary_user() {
    if !nix::unistd::geteuid().is_root() {
        println!("the test `pocket` was this one: these tests do not run as root");
        return;
    }
    let folder = TempDir::new().unwrap();
    let (root, programs) = (folder.path().join("course"), folder.path().join("programs"));
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    // The programs are built by root, for nobody has no cargo; the copy of the course is nobody's own.
    finish(
        Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("programs")
            .arg(&programs),
    )
    .ends(0);
    for part in ["book/src", "labs"] {
        copy(&workspace.join(part), &root.join(part));
    }
    let xtask = folder.path().join("xtask");
    // By another process: what other tests fork meanwhile must not inherit a descriptor that writes to a program.
    finish(
        Command::new("cp")
            .arg(env!("CARGO_BIN_EXE_xtask"))
            .arg(&xtask),
    )
    .ends(0);
    finish(
        Command::new("chown")
            .args(["-R", "nobody"])
            .arg(folder.path()),
    )
    .ends(0);
    let nobody = |arguments: &[&str]| {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"])
            .arg(&xtask);
        command
            .arg("--root")
            .arg(&root)
            .args(arguments)
            .args(["--jobs", "2", "--quiet", "--engine", "pocket"]);
        command
            .env("LAB_PROGRAMS", &programs)
            .env("HOME", folder.path())
            .env("NO_COLOR", "1")
            .env_remove("XDG_RUNTIME_DIR");
        finish(&mut command)
    };
    println!("{}", nobody(&["lab", "--all"]).ends(0).stdout);
    println!(
        "{}",
        nobody(&["exercise", "--check", "--all"]).ends(0).stdout
    );
}
