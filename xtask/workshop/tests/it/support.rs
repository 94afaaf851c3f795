//! A small checkout, and a runner that grades at once, or never.

use std::fs;
use std::path::{Path, PathBuf};

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
