//! Copies a folder.

use std::fs;
use std::io;
use std::path::Path;

/// Copies what is in a folder, modes included, but for what `skips` says.
pub fn copy(from: &Path, to: &Path, skips: &dyn Fn(&Path) -> bool) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (path, target) = {
            let entry = entry?;
            (entry.path(), to.join(entry.file_name()))
        };
        if skips(&path) {
            continue;
        }
        match path.is_dir() {
            true => copy(&path, &target, skips)?,
            false => drop(fs::copy(&path, target)?),
        }
    }
    Ok(())
}
