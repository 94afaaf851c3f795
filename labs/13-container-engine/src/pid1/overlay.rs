//! The root itself: the machine's folders below, the upper layer above, by
//! [overlayfs](https://docs.kernel.org/filesystems/overlayfs.html).

use std::ffi::CString;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::libc;
use nix::mount::{MsFlags, mount};
use rustix::fs::{XattrFlags, lsetxattr};

use crate::error::StartError;
use crate::pid1::Step;
use crate::pid1::layers::{make, make_like_the_machines};
use crate::store::view::PRIVATE;

/// Where a file system or an option has no name.
pub(super) const NONE: Option<&str> = None;

/// What an ordinary user's container does not see: mounted on its own, or nobody's to read.
const SKIPPED: [&str; 6] = ["boot", "lost+found", "media", "mnt", "proc", "sys"];

// ANCHOR: layers
/// The machine's root below, the upper layer above.
pub(crate) fn mount_root(privileged: bool) -> Result<(), StartError> {
    if !privileged {
        return mount_folders();
    }
    // "Opaque": what the lower layer has of this folder does not show through.
    for (folder, _) in PRIVATE {
        let (name, value) = (c"trusted.overlay.opaque", b"y");
        lsetxattr(format!("upper/{folder}"), name, value, XattrFlags::empty())
            .step("hide the machine's files")?;
    }
    overlay("/", "upper", "work", "root", true).step("mount the root (overlayfs)")?;
    // What is another file system here is an empty folder in the layer below: one
    // more overlay each.
    for point in other_file_systems() {
        mount_folder(&point, true)?;
    }
    Ok(())
}

/// The same without root. In a user namespace, what is mounted on the root is
/// locked to it, so that nobody can look underneath: `mount_namespaces(7)`. So it
/// cannot be a layer; its folders can.
fn mount_folders() -> Result<(), StartError> {
    let bind = MsFlags::MS_BIND;
    mount(Some("upper"), "root", NONE, bind, NONE).step("bind the upper layer")?;
    for entry in fs::read_dir("/").step("read the root")?.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let hidden = |list: &[&str]| list.iter().any(|other| name == *other);
        if hidden(&SKIPPED) || PRIVATE.iter().any(|(other, _)| name == *other) {
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => mount_folder(&path, false)?,
            // `/bin` is a link to `usr/bin` on most machines. An image's own file
            // wins.
            Ok(kind) if kind.is_symlink() => {
                let link = Path::new("root").join(&name);
                let _ = fs::read_link(&path).and_then(|to| symlink(to, link));
            }
            _ => {}
        }
    }
    for folder in ["proc", "sys"] {
        make(Path::new(folder), 0o555)?;
    }
    Ok(())
}
// ANCHOR_END: layers

/// One folder of the machine's, with its part of the upper layer above.
fn mount_folder(path: &Path, privileged: bool) -> Result<(), StartError> {
    let inside = path.strip_prefix("/").unwrap_or(path);
    let name = inside.to_string_lossy();
    let (upper, target) = (
        Path::new("upper").join(inside),
        Path::new("root").join(inside),
    );
    let work = format!("work-{}", name.replace('/', "-"));
    let (lower, layer) = (path.to_string_lossy(), upper.to_string_lossy());
    if !make_like_the_machines(inside)? {
        return Ok(());
    }
    fs::create_dir(&work).step("make the layers")?;
    if overlay(&lower, &layer, &work, &target.to_string_lossy(), privileged).is_ok() {
        return Ok(());
    }
    // Something is mounted inside, or it is no file system for a layer: then as it is, to be read.
    // Not even that is allowed for a folder that we may not enter; it stays empty.
    let bind = MsFlags::MS_BIND | MsFlags::MS_REC;
    if mount(Some(path), &target, NONE, bind, NONE).is_ok() {
        read_only(&target).step("make a folder read-only")?;
    }
    Ok(())
}

/// Makes a mount and all below it read-only: `mount_setattr(2)`, since Linux 5.12.
#[allow(unsafe_code)]
fn read_only(path: &Path) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_encoded_bytes())?;
    // SAFETY: a struct of integers only, for which zeros mean "change nothing".
    let mut attributes: libc::mount_attr = unsafe { std::mem::zeroed() };
    attributes.attr_set = libc::MOUNT_ATTR_RDONLY;
    let size = size_of_val(&attributes);
    // SAFETY: the kernel reads a path that ends with NUL, and `size` bytes of attributes; both live on.
    let done = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            path.as_ptr(),
            libc::AT_RECURSIVE,
            &raw const attributes,
            size,
        )
    };
    Ok(Errno::result(done).map(drop)?)
}

fn overlay(
    lower: &str,
    upper: &str,
    work: &str,
    target: &str,
    privileged: bool,
) -> nix::Result<()> {
    let options = format!("lowerdir={lower},upperdir={upper},workdir={work}");
    let mount = |options: &str| {
        mount(
            Some("overlay"),
            target,
            Some("overlay"),
            MsFlags::empty(),
            Some(options),
        )
    };
    if privileged {
        return mount(&options);
    }
    // Without root, overlayfs keeps its notes in user.* attributes instead of trusted.* ones.
    mount(&format!("{options},userxattr")).or_else(|error| match error {
        Errno::EINVAL => mount(&options),
        error => Err(error),
    })
}

/// Mount points, outermost only, of file systems that belong to the system: `/usr` or `/nix` on a
/// disk of their own. Not those of the administrator's data, nor the kernel's own.
fn other_file_systems() -> Vec<PathBuf> {
    const SYSTEM: [&str; 9] = [
        "/bin", "/etc", "/gnu", "/lib", "/lib64", "/nix", "/opt", "/sbin", "/usr",
    ];
    // Field 5 is the mount point: proc_pid_mountinfo(5).
    let mut table = String::with_capacity(16 * 1024);
    let _ =
        fs::File::open("/proc/self/mountinfo").and_then(|mut file| file.read_to_string(&mut table));
    let mut points: Vec<_> = table
        .lines()
        .filter_map(|line| line.split(' ').nth(4).map(PathBuf::from))
        .filter(|point| SYSTEM.iter().any(|folder| point.starts_with(folder)))
        .filter(|point| point.is_dir())
        .collect();
    points.sort();
    points.dedup_by(|inner, outer| inner.starts_with(&*outer));
    points
}
