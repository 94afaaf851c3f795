//! Every chapter and every exercise of the book, on every engine that this machine has.
//!
//! An engine that does not answer is a printed skip; with TRAPPING_SIGNALS_DENY_SKIP=1 it is a failure.

use std::fs;
use std::process::Command;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::support::{Course, Run, copy, finish, package, signal, wait};

fn xtask(engine: &str, arguments: &[&str]) -> Run {
    let mut command = Command::new(launch::program_under_test("xtask"));
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
    finish(Command::new(launch::program_under_test("xtask")).args(["doctor", "--format", "json"]))
}

/// Two labs side by side, as two of these tests run side by side on a machine with two cores.
fn every_chapter_and_exercise(engine: &str) {
    if !there(engine) {
        return;
    }
    let pictures = tempfile::tempdir().unwrap();
    let pictures = pictures.path().to_str().unwrap();
    let mut lab = vec![
        "lab",
        "--all",
        "--jobs",
        "2",
        "--quiet",
        "--pictures",
        pictures,
    ];
    if deny_skip() {
        lab.push("--deny-skip");
    }
    let run = xtask(engine, &lab).ends(0);
    println!("{}", run.stdout);
    let run = xtask(
        engine,
        &["exercise", "--check", "--all", "--jobs", "4", "--quiet"],
    )
    .ends(0);
    println!("{}", run.stdout);
}

/// Ctrl-C while a client waits for a container to stop: the worst moment, for podman without a daemon leaves the
/// container half stopped.
fn an_interrupt_leaves_nothing(engine: &str) {
    if !there(engine) {
        return;
    }
    let course = Course::new();
    let word = format!("{engine}-{}", std::process::id());
    let dockerfile = course.path("labs/14-stop/Dockerfile");
    let text = fs::read_to_string(&dockerfile).unwrap();
    fs::write(&dockerfile, text.replace("WORD", &word)).unwrap();
    let (child, _output) = course.start_until(&["lab", "14", "--engine", engine], "tail -f");
    // Docker's daemon may be on another machine.
    assert!(has_processes_with(&word) || engine == "docker");
    signal(&child, Signal::SIGINT);
    assert_eq!(wait(child), 130);
    assert!(!has_processes_with(&word), "a process is left");
    let scratch = course.path(&format!("target/xtask/{engine}/14-stop"));
    let mut inspect = Command::new(scratch.join("bin/docker"));
    inspect.args(["inspect", "stop14"]);
    inspect.env("POCKET_ROOT", scratch.join("state"));
    let podman = scratch.join("containers.conf");
    if podman.exists() {
        inspect.env("CONTAINERS_CONF", podman);
    }
    // Refused for this reason and no other: an engine that does not answer says nothing of a container. (The status is
    // docker's 1 and podman's 125.)
    let said = finish(&mut inspect);
    let missing = said.stderr.to_lowercase().contains("no such");
    assert!(
        said.status != 0 && missing && said.stderr.contains("stop14"),
        "a container is left, or nothing is known: {} {} {}",
        said.status,
        said.stdout,
        said.stderr
    );
}

/// Whether a process has `word` in its command line.
fn has_processes_with(word: &str) -> bool {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let mut lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines.any(|line| String::from_utf8_lossy(&line).contains(word))
}

#[test]
fn docker() {
    every_chapter_and_exercise("docker");
}

#[test]
fn an_interrupt_leaves_nothing_on_docker() {
    an_interrupt_leaves_nothing("docker");
}

#[test]
fn podman() {
    every_chapter_and_exercise("podman");
}

#[test]
fn an_interrupt_leaves_nothing_on_podman() {
    an_interrupt_leaves_nothing("podman");
}

#[test]
fn pocket() {
    every_chapter_and_exercise("pocket");
}

#[test]
fn an_interrupt_leaves_nothing_on_pocket() {
    an_interrupt_leaves_nothing("pocket");
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
    let package = package();
    let workspace = package.parent().unwrap();
    // The programs are built by root, for nobody has no cargo; the copy of the course is nobody's own.
    finish(
        Command::new(launch::program_under_test("xtask"))
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
            .arg(launch::program_under_test("xtask"))
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
        nobody(&["exercise", "--solution", "--all"]).ends(0).stdout
    );
}
