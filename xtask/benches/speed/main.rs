//! How long a reader waits, as ratios against a peer in the same run: `cargo bench -p xtask`.
//!
//! - the runner's overhead: a warm `cargo xtask lab 3` on pocket against the same commands typed by a plain bash
//!   script, under the same engine and images;
//! - clone to first verdict: from nothing to the verdict on lab 3, against the same with rustlings (`clone.rs`);
//! - saved to verdict: a learner's file, watched by the workshop, against the same by hand (`save.rs`).
//!
//! `cargo bench -p xtask -- overhead`, `-- clone` or `-- save` runs one of them.

mod clone;
mod save;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 15;

fn main() {
    let only: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let wanted = |name: &str| only.is_empty() || only.iter().any(|word| word == name);
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the benchmark");
    let root = Path::new(&package)
        .parent()
        .expect("xtask is in the workspace");
    if wanted("overhead") {
        overhead(root);
    }
    if wanted("save") {
        save::save(root);
    }
    if wanted("clone") {
        clone::clone(root);
    }
}

fn overhead(root: &Path) {
    let mut lab = Command::new("cargo");
    lab.args(["xtask", "lab", "3", "--engine", "pocket", "--quiet"])
        .current_dir(root);
    timed(&mut lab);
    let script = script(root);
    let state = root.join("target/xtask/pocket/03-shell-form");
    let path = format!(
        "{}:{}",
        state.join("bin").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    // Its commands may complain on purpose; the runner keeps that to itself, too.
    let script = format!("exec 2>/dev/null\n{script}");
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", &script])
        .current_dir(root.join("labs/03-shell-form"));
    bash.env("PATH", path)
        .env("POCKET_ROOT", state.join("state"))
        .env("LC_ALL", "C.UTF-8");
    let mut cargo = Command::new("cargo");
    cargo.args(["xtask", "--version"]).current_dir(root);
    // Interleaved, so that whatever else the machine does falls on all.
    let (mut runner, mut plain, mut start) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        runner.push(timed(&mut lab).as_secs_f64());
        plain.push(timed(&mut bash).as_secs_f64());
        start.push(timed(&mut cargo).as_secs_f64());
    }
    // The lab's own waits differ from run to run by more than the runner costs: compare neighbours.
    let beyond = runner.iter().zip(&plain).map(|(a, b)| a - b).collect();
    let [runner, plain, start, beyond] = [runner, plain, start, beyond].map(median);
    println!("cargo xtask lab 3, warm, pocket   {runner:>8.3} s");
    println!("the same commands, plain bash     {plain:>8.3} s");
    println!(
        "ratio {:.3}; {:.0} ms more in the middle one of {ROUNDS} rounds; `cargo xtask --version` takes {:.0} ms",
        runner / plain,
        beyond * 1e3,
        start * 1e3,
    );
}

/// The commands of chapter 3, as a reader would type them one after the other.
fn script(root: &Path) -> String {
    let json = Command::new("cargo")
        .args([
            "xtask", "lab", "3", "--engine", "pocket", "--format", "json",
        ])
        .current_dir(root)
        .output()
        .expect("cargo runs");
    let report: serde_json::Value =
        serde_json::from_slice(&json.stdout).expect("the runner prints JSON");
    let steps = report["labs"][0]["steps"]
        .as_array()
        .expect("the lab has steps");
    let commands: Vec<&str> = steps
        .iter()
        .filter_map(|step| step["command"].as_str())
        .collect();
    format!("set -m\n{}\n", commands.join("\n"))
}

/// Runs a command that must succeed; how long it took.
fn timed(command: &mut Command) -> Duration {
    let start = Instant::now();
    let output = command.stdin(Stdio::null()).output();
    let took = start.elapsed();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{said}");
    took
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
