//! The upper layer of the root: a file system in memory that begins with the image's files and takes every change.
//!
//! While it is made, the machine's files are still in sight, and an image may contain symbolic links to any
//! of them. So nothing here follows one: a folder is made step by step, and where the image has something else in its place,
//! the image's stays, as it would in an overlay. (Nobody can change the layer meanwhile: only we see it.)

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::error::StartError;
use crate::pid1::Step;
use crate::store::files;

/// Folders of which the container sees only what its image brings: what is in the machine's is
/// somebody's business, but not the container's. With their permissions.
pub(super) const PRIVATE: [(&str, u32); 6] = [
    ("dev", 0o755),
    ("home", 0o755),
    ("root", 0o700),
    ("run", 0o755),
    ("tmp", 0o1777),
    ("var", 0o755),
];

/// What is in /var all the same.
const VAR: [(&str, u32); 6] = [
    ("var/cache", 0o755),
    ("var/lib", 0o755),
    ("var/local", 0o755),
    ("var/log", 0o755),
    ("var/spool", 0o755),
    ("var/tmp", 0o1777),
];

/// Folders that an ordinary user's container can write to. The machine's own belong to ids that are
/// not mapped, so not even the container's root may; one in the upper layer is the container's.
const WRITABLE: [&str; 6] = ["etc", "opt", "srv", "usr", "usr/local", "usr/local/bin"];

/// What an image cannot bring: these are the kernel's, or made for each container.
const MADE: [&str; 3] = ["dev", "proc", "sys"];

/// Fills the upper layer, in the folder `upper`. The image's files are copied: their folder lies on
/// the file system that is the lower layer, and overlayfs refuses a layer within another (ELOOP).
pub(crate) fn fill_upper(image: &Path, privileged: bool) -> Result<(), StartError> {
    for folder in ["upper", "work", "root"] {
        fs::DirBuilder::new()
            .mode(0o755)
            .create(folder)
            .step("make the layers")?;
    }
    for entry in fs::read_dir(image).step("read the image's files")? {
        let entry = entry.step("read the image's files")?;
        let name = entry.file_name();
        if !MADE.iter().any(|made| name == *made) {
            let to = Path::new("upper").join(&name);
            files::copy(&entry.path(), &to, None).step("copy the image's files")?;
        }
    }
    if !privileged {
        for folder in WRITABLE {
            make_like_the_machines(Path::new(folder))?;
        }
    }
    for (folder, mode) in PRIVATE.into_iter().chain(VAR) {
        make(Path::new(folder), mode)?;
    }
    if make(Path::new("var"), 0o755)? {
        for (target, name) in [
            ("../run", "upper/var/run"),
            ("../run/lock", "upper/var/lock"),
        ] {
            // Unless the image has one.
            let _ = symlink(target, name);
        }
    }
    Ok(())
}

/// Makes a folder of the upper layer, and those above it where they are missing. False if the image has something
/// else on the way.
pub(super) fn make(folder: &Path, mode: u32) -> Result<bool, StartError> {
    let mut path = PathBuf::from("upper");
    for name in folder {
        path.push(name);
        match fs::DirBuilder::new().mode(0o755).create(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(error).step("make the layers");
            }
            _ if !fs::symlink_metadata(&path).is_ok_and(|data| data.is_dir()) => return Ok(false),
            _ => {}
        }
    }
    fs::set_permissions(&path, Permissions::from_mode(mode)).step("make the layers")?;
    Ok(true)
}

/// The same, where the machine has such a folder, with its permissions.
pub(super) fn make_like_the_machines(folder: &Path) -> Result<bool, StartError> {
    let mut inside = PathBuf::new();
    for name in folder {
        inside.push(name);
        match fs::symlink_metadata(Path::new("/").join(&inside)) {
            Ok(data) if data.is_dir() && make(&inside, data.mode() & 0o7777)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}
