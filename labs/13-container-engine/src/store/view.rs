//! What a container sees: an image's own files over the machine's. Where a path leads is found name by name,
//! as the kernel would within the container, and nothing of the machine's is touched by it: links are read,
//! never followed.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::libc;

use crate::error::{Result, daemon, plain};
use crate::store::files::{Folder, Kind, Owner, kind, permissions};

/// Folders of which the container sees only what its image brings: what is in the machine's is
/// somebody's business, but not the container's. With their permissions.
pub(crate) const PRIVATE: [(&str, u32); 6] = [
    ("dev", 0o755),
    ("home", 0o755),
    ("root", 0o700),
    ("run", 0o755),
    ("tmp", 0o1777),
    ("var", 0o755),
];

/// Links that every container has in /var, unless its image brings something else.
pub(crate) const LINKS: [(&str, &str); 2] = [("../run", "var/run"), ("../run/lock", "var/lock")];

/// An image's own files, and the machine's below them.
pub(crate) struct View {
    own: Folder,
    machine: Folder,
}

/// What is at a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    /// With its permissions.
    Folder(u32),
    Link(OsString),
    File,
}

impl View {
    /// `files` is the folder of the image's own files.
    pub(crate) fn open(files: &Path) -> io::Result<Self> {
        Ok(Self {
            own: Folder::open(files)?,
            machine: Folder::open(Path::new("/"))?,
        })
    }

    /// What is at a path of which every name but the last is a folder, no link.
    pub(crate) fn find(&self, path: &Path) -> io::Result<Found> {
        let names: Vec<_> = names(path).collect();
        let Some((last, parents)) = names.split_last() else {
            return Ok(Found::Folder(0o755));
        };
        // The folder of the image's own and that of the machine's that we are in, where there is one.
        let mut own = Layer::At(&self.own);
        let mut below = Layer::At(&self.machine);
        for (depth, name) in parents.iter().enumerate() {
            let mine = own.look(name)?;
            match mine.as_ref().map(kind) {
                Some(Kind::Folder) => own = own.enter(name)?,
                Some(_) => return Ok(Found::Nothing),
                None => own = Layer::Nothing,
            }
            below = if depth == 0 && private(name).is_some() {
                Layer::Nothing
            } else {
                below.enter(name)?
            };
        }
        if let Some(mine) = own.look(last)? {
            return own.found(last, &mine);
        }
        if let Some((target, _)) = LINKS.iter().find(|(_, link)| names == names_of(link)) {
            return Ok(Found::Link(target.into()));
        }
        if parents.is_empty()
            && let Some(mode) = private(last)
        {
            return Ok(Found::Folder(mode));
        }
        match below.look(last)? {
            Some(seen) => below.found(last, &seen),
            None => Ok(Found::Nothing),
        }
    }

    /// Follows symbolic links as a container would: `/bin/app` is `/usr/bin/app` where /bin is a link. A real
    /// folder `bin` in the image would hide the link, and with it /bin/sh.
    pub(crate) fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        let mut done = PathBuf::from("/");
        let mut todo: Vec<OsString> = steps(path);
        let mut links = 0;
        while let Some(step) = todo.pop() {
            if step == ".." {
                done.pop();
                continue;
            }
            let next = done.join(&step);
            match self.find(&next)? {
                Found::Link(target) => {
                    links += 1;
                    // The kernel gives up after 40 links: path_resolution(7).
                    if links > 40 {
                        return Err(Errno::ELOOP.into());
                    }
                    if Path::new(&target).is_absolute() {
                        done = PathBuf::from("/");
                    }
                    todo.extend(steps(Path::new(&target)));
                }
                _ => done = next,
            }
        }
        Ok(done)
    }

    /// Makes a folder in the image's own files, and those above it, and opens it. What is a folder in the layer
    /// below has its permissions; what is new belongs to `owner`. The path is one that `resolve` returned.
    pub(crate) fn make_folder(&self, path: &Path, owner: Owner) -> io::Result<Folder> {
        let mut here = None;
        let mut inside = PathBuf::from("/");
        for name in names(path) {
            inside.push(name);
            let above: &Folder = here.as_ref().unwrap_or(&self.own);
            let next = if above.look(name)?.is_some() {
                above.enter(name)?
            } else {
                let (mode, owner) = match self.find(&inside)? {
                    Found::Folder(mode) => (mode, Owner { uid: 0, gid: 0 }),
                    Found::Nothing => (0o755, owner),
                    Found::File | Found::Link(_) => return Err(Errno::ENOTDIR.into()),
                };
                let made = above.make(name)?;
                above.give(name, owner)?;
                made.permit(mode)?;
                made
            };
            here = Some(next);
        }
        match here {
            Some(folder) => Ok(folder),
            None => self.own.again(),
        }
    }

    /// The text of a file as a container would find it, say /etc/passwd.
    pub(crate) fn read(&self, path: &Path) -> io::Result<String> {
        let path = self.resolve(path)?;
        if self.find(&path)? != Found::File {
            return Err(Errno::ENOENT.into());
        }
        let (mut own, mut below) = (Layer::At(&self.own), Layer::At(&self.machine));
        let folder = path.parent().unwrap_or(Path::new("/"));
        for name in names(folder) {
            (own, below) = (own.enter(name)?, below.enter(name)?);
        }
        let name = path.file_name().ok_or(Errno::EISDIR)?;
        let file = match own.look(name)? {
            Some(_) => own.read(name)?,
            None => below.read(name)?,
        };
        io::read_to_string(file)
    }
}

/// A folder on the way, of one of the two layers.
enum Layer<'a> {
    Nothing,
    At(&'a Folder),
    In(Folder),
}

impl Layer<'_> {
    fn folder(&self) -> Option<&Folder> {
        match self {
            Self::Nothing => None,
            Self::At(folder) => Some(folder),
            Self::In(folder) => Some(folder),
        }
    }

    fn look(&self, name: &OsStr) -> io::Result<Option<nix::sys::stat::FileStat>> {
        match self.folder().map(|folder| folder.look(name)) {
            // What may not be looked at is not there, for a container.
            None | Some(Err(_)) => Ok(None),
            Some(seen) => seen,
        }
    }

    fn enter(&self, name: &OsStr) -> io::Result<Self> {
        let entered = self.folder().map(|folder| folder.enter(name));
        Ok(entered
            .and_then(io::Result::ok)
            .map_or(Self::Nothing, Self::In))
    }

    fn read(&self, name: &OsStr) -> io::Result<std::fs::File> {
        self.folder().ok_or(Errno::ENOENT)?.read(name)
    }

    fn found(&self, name: &OsStr, seen: &nix::sys::stat::FileStat) -> io::Result<Found> {
        Ok(match kind(seen) {
            Kind::Folder => Found::Folder(permissions(seen)),
            Kind::Link => Found::Link(self.folder().ok_or(Errno::ENOENT)?.link(name)?),
            _ => Found::File,
        })
    }
}

/// Makes a folder in an image's files, as its container will find it.
pub(crate) fn make_folder(files: &Path, path: &Path) -> Result<()> {
    View::open(files)
        .and_then(|view| view.make_folder(&view.resolve(path)?, Owner { uid: 0, gid: 0 }))
        .map(drop)
        .map_err(|error| match error.raw_os_error() {
            Some(libc::ENOTDIR) => {
                daemon!("Cannot mkdir: {} is not a directory", path.display())
            }
            _ => daemon!("Cannot mkdir: {}: {}", path.display(), plain(error)),
        })
}

/// The permissions of a folder that hides the machine's.
fn private(name: &OsStr) -> Option<u32> {
    let hides = |(folder, _): &&(&str, u32)| name == *folder;
    PRIVATE.iter().find(hides).map(|(_, mode)| *mode)
}

/// The names of a path without links and `..`.
fn names(path: &Path) -> impl Iterator<Item = &OsStr> {
    path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        _ => None,
    })
}

fn names_of(path: &str) -> Vec<&OsStr> {
    names(Path::new(path)).collect()
}

/// The names of a path and its `..`, the last one first.
fn steps(path: &Path) -> Vec<OsString> {
    let parts = path.components().rev();
    parts
        .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir))
        .map(|part| part.as_os_str().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_are_followed_as_in_the_container() {
        let top = std::env::temp_dir().join(format!("pocket-view-{}", std::process::id()));
        let _ = fs::remove_dir_all(&top);
        fs::create_dir_all(top.join("a/b")).expect("folders");
        for (target, link) in [
            ("a", "l"),
            ("/a/b", "a/abs"),
            ("../../..", "a/b/up"),
            ("loop", "loop"),
            ("/nosuch/x", "dangling"),
        ] {
            symlink(target, top.join(link)).expect("a link");
        }
        let view = View::open(&top).expect("open");
        for (path, want) in [
            ("/l/b", "/a/b"),
            ("l/./abs/../x", "/a/x"),
            ("/a/b/up/l", "/a"),
            ("/../../etc", "/etc"),
            ("/dangling/y", "/nosuch/x/y"),
            ("/var/run/x", "/run/x"),
            ("/var/lock", "/run/lock"),
        ] {
            assert_eq!(
                view.resolve(Path::new(path)).expect(path),
                Path::new(want),
                "{path}"
            );
        }
        let endless = view
            .resolve(Path::new("/loop/x"))
            .expect_err("an endless link");
        assert_eq!(endless.raw_os_error(), Some(Errno::ELOOP as i32));
        // The machine's own temporary files are nothing to a container.
        assert_eq!(view.find(&top).expect("found"), Found::Nothing);
        fs::remove_dir_all(&top).expect("removed");
    }
}
