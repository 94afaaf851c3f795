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
use crate::store::files::Folder;
use crate::store::view::{LINKS, PRIVATE};

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
    copy_files(image).step("copy the image's files")?;
    if !privileged {
        for folder in WRITABLE {
            make_like_the_machines(Path::new(folder))?;
        }
    }
    for (folder, mode) in PRIVATE.into_iter().chain(VAR) {
        make(Path::new(folder), mode)?;
    }
    if make(Path::new("var"), 0o755)? {
        for (target, name) in LINKS {
            // Unless the image has one.
            let _ = symlink(target, Path::new("upper").join(name));
        }
    }
    Ok(())
}

fn copy_files(image: &Path) -> io::Result<()> {
    let (from, to) = (Folder::open(image)?, Folder::open(Path::new("upper"))?);
    for name in from.names()? {
        if !MADE.iter().any(|made| name == *made) {
            from.copy_tree(&name, &to)?;
        }
    }
    Ok(())
}

/// Makes a folder of the upper layer; those above it have been made before, or are the image's. False if the image has
/// something else on the way.
pub(super) fn make(folder: &Path, mode: u32) -> Result<bool, StartError> {
    let mut path = PathBuf::from("upper");
    let mut is_new = false;
    for name in folder {
        path.push(name);
        match fs::DirBuilder::new().mode(mode).create(&path) {
            Ok(()) => is_new = true,
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(error).step("make the layers");
            }
            Err(_) if !fs::symlink_metadata(&path).is_ok_and(|data| data.is_dir()) => {
                return Ok(false);
            }
            Err(_) => is_new = false,
        }
    }
    if !is_new {
        fs::set_permissions(&path, Permissions::from_mode(mode)).step("make the layers")?;
    }
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
