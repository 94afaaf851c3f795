//! Files as a container will see them: an image's own, over the machine's. What `build` puts there and
//! what a container's root is filled with goes through here.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown, symlink};
use std::path::{Component, Path, PathBuf};

use nix::unistd::geteuid;

use crate::error::{Context, Result, daemon};

/// Where a path of the container lies in the image's own files.
pub(crate) fn in_files(files: &Path, path: &Path) -> PathBuf {
    files.join(path.strip_prefix("/").unwrap_or(path))
}

/// Makes a folder in the image's files; its parents get the permissions that they have below.
pub(crate) fn make_folder(files: &Path, path: &Path) -> Result<PathBuf> {
    let path = resolve(files, path);
    let mut inside = PathBuf::from("/");
    for part in path.components().skip(1) {
        inside.push(part);
        let place = in_files(files, &inside);
        let below = fs::symlink_metadata(&inside).is_ok_and(|data| !data.is_dir());
        if below && fs::symlink_metadata(&place).is_err() {
            return Err(daemon!(
                "Cannot mkdir: {} is not a directory",
                inside.display()
            ));
        }
        match fs::create_dir(&place) {
            Ok(()) => {
                let mode = fs::metadata(&inside).map_or(0o755, |data| data.mode() & 0o7777);
                fs::set_permissions(&place, Permissions::from_mode(mode)).at("create", &place)?;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && place.is_dir() => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(daemon!(
                    "Cannot mkdir: {} is not a directory",
                    inside.display()
                ));
            }
            Err(error) => return Err(error).at("create", &place),
        }
    }
    Ok(in_files(files, &path))
}

/// Follows symbolic links of the parents as a container would see them: `/bin/app` is
/// `/usr/bin/app` where /bin is a link. A real folder `bin` in the image would hide the link, and
/// with it /bin/sh.
pub(crate) fn resolve(files: &Path, path: &Path) -> PathBuf {
    let mut done = PathBuf::from("/");
    let mut todo = names_backwards(&tidy(path));
    let mut links = 0;
    while let Some(part) = todo.pop() {
        let next = done.join(&part);
        let own = in_files(files, &next);
        let seen = if fs::symlink_metadata(&own).is_ok() {
            own
        } else {
            next.clone()
        };
        match fs::read_link(seen) {
            // The kernel gives up after 40 links in a row: path_resolution(7).
            Ok(target) if links < 40 => {
                links += 1;
                todo.extend(names_backwards(&tidy(&done.join(target))));
                done = PathBuf::from("/");
            }
            _ => done = next,
        }
    }
    done
}

/// The names of a path, the last one first.
fn names_backwards(path: &Path) -> Vec<OsString> {
    let names = path
        .components()
        .filter(|part| matches!(part, Component::Normal(_)));
    names
        .rev()
        .map(|name| name.as_os_str().to_owned())
        .collect()
}

/// An absolute path without `.` and `..`.
pub(crate) fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::from("/");
    for part in path.components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::Normal(name) => out.push(name),
            _ => {}
        }
    }
    out
}

/// Copies a file, a link, or a folder with what is in it. All belongs to the container's root.
pub(crate) fn copy(from: &Path, to: &Path, mode: Option<u32>) -> io::Result<()> {
    let data = fs::symlink_metadata(from)?;
    if data.is_dir() {
        match fs::create_dir(to) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => fs::set_permissions(
                to,
                Permissions::from_mode(mode.unwrap_or(data.mode() & 0o7777)),
            )?,
        }
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()), mode)?;
        }
        return Ok(());
    }
    if fs::symlink_metadata(to).is_ok() {
        fs::remove_file(to)?;
    }
    if data.is_symlink() {
        symlink(fs::read_link(from)?, to)?;
    } else if data.is_file() {
        // The library uses copy_file_range(2): the kernel copies, or shares the blocks.
        fs::copy(from, to)?;
        if let Some(mode) = mode {
            fs::set_permissions(to, Permissions::from_mode(mode))?;
        }
    } else {
        return Err(io::Error::other("not a file, a folder or a symbolic link"));
    }
    if geteuid().is_root() {
        lchown(to, Some(0), Some(0))?;
    }
    Ok(())
}
