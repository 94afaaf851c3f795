//! Where cargo builds the programs of a checkout, also when it shares a target folder with others.
//!
//! Cargo tells packages apart by their path within the workspace (`-C metadata`), and old from new by the time of the
//! last change. In a folder that two checkouts share (`CARGO_TARGET_DIR`, `build.target-dir`) it takes what was built
//! for the one as up to date for the other. So in such a folder each checkout has one of its own.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// The target folder for the programs of the checkout `root`. `near` is the folder in which cargo has put one of
/// them, if it is known: `target/lab` or the like.
pub fn target_folder(root: &Path, near: Option<&Path>) -> PathBuf {
    let own = root.join("target");
    let Some(near) = near else {
        return own;
    };
    let key = key(root);
    if let Some(known) = near
        .ancestors()
        .find(|folder| *folder == own || folder.ends_with(&key))
    {
        return known.to_owned();
    }
    near.parent().map_or(own, |shared| shared.join(key))
}

/// What a checkout is called in a folder that is shared: its inode number and its time of birth (statx(2)). They stay
/// when it is moved, and a copy has others. Where the file system knows no time of birth its device stands in.
fn key(root: &Path) -> String {
    let data = fs::metadata(root).ok();
    let inode = data.as_ref().map_or(0, MetadataExt::ino);
    let born = data.and_then(|data| {
        let time = data.created().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(time.as_nanos()).or(Some(data.dev().into()))
    });
    format!("checkout-{inode:x}-{:x}", born.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_checkout_has_a_folder_of_its_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let (a, b, shared) = (path("a"), path("b"), path("shared/lab"));
        for each in [&a, &b] {
            fs::create_dir(each).expect("a folder");
        }
        assert_eq!(target_folder(&a, None), path("a/target"));
        let plain = path("a/target/lab");
        assert_eq!(target_folder(&a, Some(&plain)), path("a/target"));
        let triple = path("a/target/x86_64-unknown-linux-gnu/lab");
        assert_eq!(target_folder(&a, Some(&triple)), path("a/target"));
        let [of_a, of_b] = [&a, &b].map(|root| target_folder(root, Some(&shared)));
        assert_ne!(of_a, of_b);
        assert_eq!(of_a.parent(), Some(path("shared").as_path()));
        // What was built there finds the same folder again, and so it does when the checkout is moved.
        assert_eq!(target_folder(&a, Some(&of_a.join("lab"))), of_a);
        fs::rename(&a, path("c")).expect("moved");
        assert_eq!(target_folder(&path("c"), Some(&shared)), of_a);
    }
}
