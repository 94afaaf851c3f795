//! Files that others wrote: an image's, a build context's. Whoever wrote them may have put a link anywhere,
//! so no path of theirs is ever given to the kernel. Every step is one name in an open folder, and no link is
//! followed: `O_NOFOLLOW`, openat(2). Where a path of a container's leads is `store/view.rs`'s to say.

use std::ffi::{OsStr, OsString};
use std::fs::{File, FileTimes};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat, readlinkat};
use nix::sys::stat::{
    FchmodatFlags, FileStat, Mode, SFlag, fchmod, fchmodat, fstat, fstatat, mkdirat,
};
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchownat, geteuid, mkfifoat, symlinkat, unlinkat};

/// Whose a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// An open folder. It is only a place (`O_PATH`), so one that we may not read can be passed through.
#[derive(Debug)]
pub(crate) struct Folder(OwnedFd);

/// What a name in a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Folder,
    Link,
    File,
    Pipe,
    /// A socket or a device.
    Other,
}

/// The kind of what `fstatat` saw.
pub(crate) fn kind(seen: &FileStat) -> Kind {
    match SFlag::from_bits_truncate(seen.st_mode) & SFlag::S_IFMT {
        SFlag::S_IFDIR => Kind::Folder,
        SFlag::S_IFLNK => Kind::Link,
        SFlag::S_IFREG => Kind::File,
        SFlag::S_IFIFO => Kind::Pipe,
        _ => Kind::Other,
    }
}

/// The twelve bits of its permissions.
pub(crate) fn permissions(seen: &FileStat) -> u32 {
    seen.st_mode & 0o7777
}

const PLACE: OFlag = OFlag::O_PATH
    .union(OFlag::O_DIRECTORY)
    .union(OFlag::O_NOFOLLOW)
    .union(OFlag::O_CLOEXEC);

impl Folder {
    /// The top of a tree. This path is the engine's own, or its user's; links in it are meant.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let top = PLACE.difference(OFlag::O_NOFOLLOW);
        Ok(Self(open(path, top, Mode::empty())?))
    }

    /// This folder once more.
    pub(crate) fn again(&self) -> io::Result<Self> {
        Ok(Self(self.0.try_clone()?))
    }

    /// A folder in this one. A link to a folder is an error (`ENOTDIR`).
    pub(crate) fn enter(&self, name: &OsStr) -> io::Result<Self> {
        Ok(Self(openat(&self.0, one(name)?, PLACE, Mode::empty())?))
    }

    /// What has this name, if anything has.
    pub(crate) fn look(&self, name: &OsStr) -> io::Result<Option<FileStat>> {
        match fstatat(&self.0, one(name)?, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(seen) => Ok(Some(seen)),
            Err(Errno::ENOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Where a link points to.
    pub(crate) fn link(&self, name: &OsStr) -> io::Result<OsString> {
        Ok(readlinkat(&self.0, one(name)?)?)
    }

    /// The names in it, sorted.
    pub(crate) fn names(&self) -> io::Result<Vec<OsString>> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let mut dir = Dir::openat(&self.0, ".", flags, Mode::empty())?;
        let mut names = Vec::new();
        for entry in dir.iter() {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name != "." && name != ".." {
                names.push(name.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// Opens a regular file to be read. `O_NONBLOCK`: if it became a pipe meanwhile, nobody waits for a writer.
    pub(crate) fn read(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let file = openat(&self.0, one(name)?, flags, Mode::empty())?;
        match kind(&fstat(&file)?) {
            Kind::File => Ok(File::from(file)),
            _ => Err(io::Error::other("not a regular file")),
        }
    }

    /// Removes what has this name, a folder with all that is in it.
    pub(crate) fn remove(&self, name: &OsStr) -> io::Result<()> {
        match unlinkat(&self.0, one(name)?, UnlinkatFlags::NoRemoveDir) {
            Err(Errno::EISDIR) => {}
            done => return Ok(done?),
        }
        let folder = self.enter(name)?;
        if !geteuid().is_root() {
            // An image may have a folder that its owner may not change.
            folder.permit(0o700)?;
        }
        for name in folder.names()? {
            folder.remove(&name)?;
        }
        Ok(unlinkat(&self.0, one(name)?, UnlinkatFlags::RemoveDir)?)
    }

    /// A new folder in this one, which only its owner may enter until `permit` says otherwise.
    pub(crate) fn make(&self, name: &OsStr) -> io::Result<Self> {
        mkdirat(&self.0, one(name)?, Mode::S_IRWXU)?;
        self.enter(name)
    }

    /// Sets the permissions of this folder.
    pub(crate) fn permit(&self, mode: u32) -> io::Result<()> {
        let mode = Mode::from_bits_truncate(mode);
        // "." is no link.
        Ok(fchmodat(&self.0, ".", mode, FchmodatFlags::FollowSymlink)?)
    }

    /// Gives what has this name, or with `.` this folder, to somebody. Only root can; what an ordinary user
    /// makes is that user's, and the container's root's in a container.
    pub(crate) fn give(&self, name: &OsStr, owner: Owner) -> io::Result<()> {
        if !geteuid().is_root() {
            return Ok(());
        }
        let (uid, gid) = (Uid::from_raw(owner.uid), Gid::from_raw(owner.gid));
        let flags = AtFlags::AT_SYMLINK_NOFOLLOW;
        match fchownat(&self.0, name, Some(uid), Some(gid), flags) {
            // In a user namespace, an id that is not mapped; the file stays with root: user_namespaces(7).
            Err(Errno::EINVAL) => Ok(()),
            done => Ok(done?),
        }
    }

    /// Copies a file, a link or a pipe into `to`, in place of what may be there; a folder is not copied, but
    /// made if need be, and returned. `owner` is whose the copy shall be; without, whose the original is.
    pub(crate) fn copy(
        &self,
        name: &OsStr,
        to: &Self,
        as_name: &OsStr,
        owner: Option<Owner>,
    ) -> io::Result<Option<Self>> {
        let seen = self.look(name)?.ok_or(Errno::ENOENT)?;
        let kind_seen = kind(&seen);
        if kind_seen == Kind::Other {
            return Err(io::Error::other("pocket copies no sockets and devices"));
        }
        let there = to.look(as_name)?.map(|there| kind(&there));
        let merge = kind_seen == Kind::Folder && there == Some(Kind::Folder);
        if there.is_some() && !merge {
            to.remove(as_name)?;
        }
        let mut mode = permissions(&seen);
        if owner.is_some() && kind_seen == Kind::File {
            // Docker gives the copy away last, and chown(2) takes these away: set-user-ID, and set-group-ID of a program.
            mode &= !0o4000;
            if mode & 0o010 != 0 {
                mode &= !0o2000;
            }
        }
        let owner = owner.unwrap_or(Owner {
            uid: seen.st_uid,
            gid: seen.st_gid,
        });
        match kind_seen {
            Kind::Folder => {
                let made = if merge {
                    to.enter(as_name)?
                } else {
                    to.make(as_name)?
                };
                to.give(as_name, owner)?;
                return Ok(Some(made));
            }
            Kind::Link => {
                symlinkat(self.link(name)?.as_os_str(), &to.0, as_name)?;
                to.give(as_name, owner)?;
            }
            Kind::Pipe => {
                mkfifoat(&to.0, as_name, Mode::S_IRUSR | Mode::S_IWUSR)?;
                to.give(as_name, owner)?;
                // It was made just now, and is no link.
                let follow = FchmodatFlags::FollowSymlink;
                fchmodat(&to.0, as_name, Mode::from_bits_truncate(mode), follow)?;
            }
            _ => {
                let mut from = self.read(name)?;
                let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
                let file = openat(&to.0, as_name, flags, Mode::S_IRUSR | Mode::S_IWUSR)?;
                let mut file = File::from(file);
                // The library uses copy_file_range(2): the kernel copies, or shares the blocks.
                io::copy(&mut from, &mut file)?;
                // The owner first: chown(2) takes the set-user-ID bit away.
                to.give(as_name, owner)?;
                fchmod(&file, Mode::from_bits_truncate(mode))?;
                file.set_times(FileTimes::new().set_modified(modified(&seen)))?;
            }
        }
        Ok(None)
    }

    /// Copies all that is in this folder into `to`, owners and permissions with it.
    pub(crate) fn copy_all(&self, to: &Self) -> io::Result<()> {
        for name in self.names()? {
            self.copy_tree(&name, to)?;
        }
        Ok(())
    }

    /// Copies one of them, a folder with what is in it.
    pub(crate) fn copy_tree(&self, name: &OsStr, to: &Self) -> io::Result<()> {
        if let Some(made) = self.copy(name, to, name, None)? {
            self.enter(name)?.copy_all(&made)?;
            // After what is in it: its owner may not be allowed to add to it.
            let seen = self.look(name)?.ok_or(Errno::ENOENT)?;
            made.permit(permissions(&seen))?;
        }
        Ok(())
    }
}

/// When a file's content was last changed.
fn modified(seen: &FileStat) -> SystemTime {
    let nanos = Duration::from_nanos(seen.st_mtime_nsec.unsigned_abs());
    let seconds = Duration::from_secs(seen.st_mtime.unsigned_abs());
    if seen.st_mtime < 0 {
        SystemTime::UNIX_EPOCH - seconds + nanos
    } else {
        SystemTime::UNIX_EPOCH + seconds + nanos
    }
}

/// A name is one step: neither a path nor a way up.
fn one(name: &OsStr) -> io::Result<&OsStr> {
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes == b"." || bytes == b".." || bytes.contains(&b'/') {
        return Err(io::Error::other(format!(
            "{} is no name of a file",
            name.display()
        )));
    }
    Ok(name)
}
