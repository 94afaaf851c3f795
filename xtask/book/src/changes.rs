//! Whether anything that the book is made from has changed. A watcher tells when somebody has touched a file; to read it
//! is to touch it, and so the build itself, which reads them all, would start the next one.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// The folders that the book at `root` is made from.
pub fn sources(root: &Path) -> [PathBuf; 3] {
    [root.join("src"), root.join("theme"), root.join("../labs")]
}

/// A number for all files of [`sources`], by their names, sizes and times of change; but not for the programs that a run
/// stages in a lab's `bin`, which no page shows.
pub fn fingerprint(root: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    for folder in sources(root) {
        add(&folder, &root.join("../labs"), &mut hasher);
    }
    hasher.finish()
}

fn add(path: &Path, labs: &Path, hasher: &mut DefaultHasher) {
    let staged = path.ends_with("bin") && path.parent().and_then(Path::parent) == Some(labs);
    // What has gone meanwhile is a change that the next look sees.
    let (Ok(data), false) = (fs::symlink_metadata(path), staged) else {
        return;
    };
    path.hash(hasher);
    if data.is_dir() {
        let mut entries: Vec<PathBuf> = fs::read_dir(path)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        entries.sort();
        entries.iter().for_each(|entry| add(entry, labs, hasher));
    } else {
        (data.len(), data.modified().ok()).hash(hasher);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_is_a_change_and_reading_or_staging_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("book");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
            fingerprint(&root)
        };
        file("book/src/page.md", "one");
        let first = file("labs/02-pid1/src/bin/app.rs", "one");
        fs::read(root.join("src/page.md")).unwrap();
        assert_eq!(fingerprint(&root), first);
        assert_eq!(file("labs/02-pid1/bin/app", "staged"), first);
        let second = file("labs/02-pid1/src/bin/app.rs", "two!");
        assert_ne!(second, first);
        assert_ne!(file("book/src/new.md", ""), second);
    }
}
