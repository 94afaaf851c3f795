//! The checkout in which the command was typed. Everything that a command reads or writes belongs to it.
//!
//! The launcher says which one it is, as cargo has told it. Without the launcher it is the one around the current
//! folder, as for cargo itself. Where this program was compiled means nothing: a checkout may be moved or copied with its
//! target folder, and cargo builds nothing anew.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};
use nix::unistd::{AccessFlags, access};

static ROOT: OnceLock<PathBuf> = OnceLock::new();

/// Notes what the launcher has said.
pub fn enter(root: PathBuf) {
    ROOT.get_or_init(|| root);
}

/// The checkout's top folder.
pub fn root() -> Result<&'static Path> {
    if let Some(root) = ROOT.get() {
        return Ok(root);
    }
    let current = env::current_dir().context("no current folder")?;
    let found = around(&current)?.to_owned();
    Ok(ROOT.get_or_init(|| found))
}

/// The innermost folder around `current` that holds the book and its labs.
fn around(current: &Path) -> Result<&Path> {
    let holds = |folder: &&Path| {
        folder.join("book/src/SUMMARY.md").is_file() && folder.join("labs").is_dir()
    };
    match current.ancestors().find(holds) {
        Some(root) => Ok(root),
        None => bail!(
            "no checkout of the book in {} or above: no folder with book/src/SUMMARY.md and labs/\nGo into one and type `cargo xtask` there",
            current.display()
        ),
    }
}

/// An error with its remedy if nothing can be written below `root`: better known before anything is built.
pub fn is_writable(root: &Path) -> Result<()> {
    for folder in [root.to_owned(), root.join("labs"), root.join("target")] {
        if folder.exists() {
            access(&folder, AccessFlags::W_OK | AccessFlags::X_OK).with_context(|| {
                format!(
                    "nothing can be written below {}\nA run keeps programs in labs/*/bin and its state in target/xtask: \
                     clone the checkout to a folder that is yours, and type the command there",
                    folder.display()
                )
            })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_innermost_checkout_around_a_folder_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for root in ["a", "a/nested"] {
            fs::create_dir_all(path(root).join("labs/03-x")).unwrap();
            fs::create_dir_all(path(root).join("book/src")).unwrap();
            fs::write(path(root).join("book/src/SUMMARY.md"), "").unwrap();
        }
        assert_eq!(around(&path("a")).unwrap(), path("a"));
        assert_eq!(around(&path("a/labs/03-x")).unwrap(), path("a"));
        assert_eq!(around(&path("a/nested/book")).unwrap(), path("a/nested"));
        let error = around(folder.path()).unwrap_err().to_string();
        assert!(error.contains("type `cargo xtask` there"), "{error}");
    }
}
