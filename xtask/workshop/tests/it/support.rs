//! A small checkout, and a runner that grades at once, or never.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The workshop.
pub fn program() -> PathBuf {
    launch::program_under_test("xtask-workshop")
}

/// What stands in for the runner.
pub fn runner() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    Path::new(&package).join("tests/runner.sh")
}

/// A checkout with two exercises, and these answers to them.
pub fn checkout(first: &str, second: &str) -> TempDir {
    let checkout = tempfile::tempdir().unwrap();
    for (slug, answer) in [("01-one", first), ("02-two", second)] {
        for (folder, text) in [("exercise", answer), ("solution", "yes")] {
            let folder = checkout.path().join("labs").join(slug).join(folder);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("answer"), format!("{text}\n")).unwrap();
        }
    }
    checkout
}

/// Runs the workshop as lines, with this input, to its end.
pub fn run(checkout: &TempDir, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(program())
        .args(arguments)
        .current_dir(checkout.path())
        .env("TRAPPING_SIGNALS_XTASK", runner())
        .env("TRAPPING_SIGNALS_CHECKOUT", checkout.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}
