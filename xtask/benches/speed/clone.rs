//! Clone to first verdict, beside rustlings: what a reader waits for who has Rust, and nothing of either.
//!
//! - ours: `git clone`, `cargo xtask lab 3 --engine pocket`;
//! - rustlings: `cargo install rustlings`, `rustlings init`, `rustlings run intro1`.
//!
//! Each starts with empty folders for what it compiles and installs. The packages of both are downloaded before, so the
//! network counts for neither. The seconds of CPU time are printed beside those of the clock: on a machine that has other
//! work they tell more. What is cloned is the last commit, not what has been edited since.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use tempfile::TempDir;

use crate::timed;

/// One goes first in one round, the other in the next.
const ROUNDS: usize = 2;

/// Prints the times of both, and the ratio.
pub fn clone(root: &Path) {
    if let Err(why) = download(root) {
        println!("skipped clone to first verdict: the packages are not to be had\n{why}");
        return;
    }
    let (mut ours, mut peers) = (Cost::default(), Cost::default());
    for round in 0..ROUNDS {
        let before = (ours, peers);
        if round % 2 == 0 {
            ours.add(|| book(root));
            peers.add(rustlings);
        } else {
            peers.add(rustlings);
            ours.add(|| book(root));
        }
        println!(
            "clone to first verdict {:>6.1} s (CPU {:>5.1} s), rustlings {:>6.1} s (CPU {:>5.1} s)",
            ours.clock - before.0.clock,
            ours.cpu - before.0.cpu,
            peers.clock - before.1.clock,
            peers.cpu - before.1.cpu,
        );
    }
    println!(
        "ratio {:.3} (CPU {:.3})",
        ours.clock / peers.clock,
        ours.cpu / peers.cpu
    );
}

/// What something took, in seconds.
#[derive(Clone, Copy, Default)]
struct Cost {
    clock: f64,
    cpu: f64,
}

impl Cost {
    /// Adds that of `run`, by the clock as it says itself.
    fn add(&mut self, run: impl FnOnce() -> Duration) {
        let before = cpu();
        self.clock += run().as_secs_f64();
        self.cpu += cpu() - before;
    }
}

/// The CPU time of all processes that have been started and waited for, and of theirs (getrusage(2)).
fn cpu() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("children are counted");
    [usage.user_time(), usage.system_time()]
        .map(|time| time.num_microseconds() as f64 / 1e6)
        .iter()
        .sum()
}

/// From nothing to the verdict on lab 3.
fn book(root: &Path) -> Duration {
    let folder = TempDir::new().expect("a temporary folder");
    let checkout = folder.path().join("book");
    let mut git = Command::new("git");
    git.args(["clone", "--quiet"]).arg(root).arg(&checkout);
    let mut lab = cargo();
    lab.args(["xtask", "lab", "3", "--engine", "pocket"])
        .current_dir(&checkout);
    timed(&mut git) + timed(&mut lab)
}

/// From nothing to the verdict on the first of rustlings' exercises, which passes as it is.
fn rustlings() -> Duration {
    let folder = TempDir::new().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    let mut install = cargo();
    install
        .args(["install", "rustlings", "--locked", "--root"])
        .arg(path("root"))
        .arg("--target-dir")
        .arg(path("target"));
    let program = path("root/bin/rustlings");
    let started = |words: &[&str], folder: PathBuf| {
        let mut command = fresh(Command::new(&program));
        command.args(words).current_dir(folder);
        timed(&mut command)
    };
    timed(&mut install)
        + started(&["init"], path("."))
        + started(&["run", "intro1"], path("rustlings"))
}

/// Has cargo put the packages of both into its cache: those that the two lock files name.
fn download(root: &Path) -> Result<(), String> {
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let manifest = folder.path().join("Cargo.toml");
    // A package that asks for rustlings: cargo unpacks it, and with it the lock file that it brings.
    let text =
        "[package]\nname = \"asks\"\n[lib]\npath = \"lib.rs\"\n[dependencies]\nrustlings = \"*\"\n";
    fs::write(&manifest, text).map_err(|error| error.to_string())?;
    fs::write(folder.path().join("lib.rs"), "").map_err(|error| error.to_string())?;
    fetch(&manifest, &[])?;
    let lock = fs::read_to_string(folder.path().join("Cargo.lock"));
    let lock = lock.map_err(|error| error.to_string())?;
    let version = lock
        .split_once("name = \"rustlings\"\nversion = \"")
        .and_then(|(_, rest)| rest.split('"').next())
        .ok_or("cargo has not found rustlings")?;
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let sources = home.ok_or("no home folder")?.join("registry/src");
    let peer = fs::read_dir(&sources)
        .into_iter()
        .flatten()
        .flatten()
        .map(|registry| {
            registry
                .path()
                .join(format!("rustlings-{version}/Cargo.toml"))
        })
        .find(|manifest| manifest.exists())
        .ok_or(format!(
            "no rustlings {version} below {}",
            sources.display()
        ))?;
    fetch(&peer, &["--locked"])?;
    fetch(&root.join("Cargo.toml"), &["--locked"])
}

/// Downloads what a package needs; or says why not.
fn fetch(manifest: &Path, words: &[&str]) -> Result<(), String> {
    let mut command = fresh(Command::new("cargo"));
    command
        .args(["fetch", "--quiet", "--manifest-path"])
        .arg(manifest)
        .args(words);
    let output = command.output().map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// Cargo, with what is downloaded.
fn cargo() -> Command {
    let mut command = fresh(Command::new("cargo"));
    command.env("CARGO_NET_OFFLINE", "true");
    command
}

/// A command that finds no target folder and no compiler cache of the reader's.
fn fresh(mut command: Command) -> Command {
    command
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("CARGO_BUILD_TARGET_DIR")
        .env("RUSTC_WRAPPER", "");
    command
}
