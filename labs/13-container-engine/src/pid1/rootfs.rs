//! The container's file system: this machine's root, untouchable below, with a layer of its own
//! above. Every mount is made inside the container's mount namespace and goes away with it.

use std::ffi::{CStr, CString};
use std::fs::{self, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::libc;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::{Mode, SFlag, makedev, mknod, umask};
use nix::unistd::{chdir, pivot_root};

use crate::error::{StartError, plain};
use crate::store::files::{copy as copy_files, make_folder};

const NONE: Option<&str> = None;

/// Folders of which the container sees only what its image brings: what is in the machine's is
/// somebody's business, but not the container's. With their permissions.
const PRIVATE: [(&str, u32); 6] = [
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

/// What an ordinary user's container does not see: mounted on its own, or nobody's to read.
const SKIPPED: [&str; 6] = ["boot", "lost+found", "media", "mnt", "proc", "sys"];

/// Devices that harm nobody, with their minor numbers: `null(4)`, `random(4)`, `full(4)`, `tty(4)`.
const DEVICES: [(&str, u64); 6] = [
    ("full", 7),
    ("null", 3),
    ("random", 8),
    ("tty", 0),
    ("urandom", 9),
    ("zero", 5),
];

/// Says which step failed.
trait Step<T> {
    fn step(self, what: &str) -> Result<T, StartError>;
}

impl<T, E: Into<io::Error>> Step<T> for Result<T, E> {
    fn step(self, what: &str) -> Result<T, StartError> {
        self.map_err(|error| StartError::engine(format!("cannot {what}: {}", plain(error.into()))))
    }
}

// ANCHOR: rootfs
/// Builds the root and moves into it. `stage` is any folder to mount on, `files` are the
/// image's, `workdir` will be there. `privileged` says that a real root started us.
pub(crate) fn enter(
    stage: &Path,
    files: &Path,
    workdir: &str,
    privileged: bool,
) -> Result<(), StartError> {
    // Folders get exactly the permissions that are named here.
    umask(Mode::empty());
    // From here on, nothing that is mounted here shows up outside, nor the other way round.
    mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE)
        .step("make the mounts private")?;
    // The upper layer is memory: it needs no cleaning up.
    mount(
        Some("pocket"),
        stage,
        Some("tmpfs"),
        MsFlags::MS_NOSUID,
        Some("mode=0755"),
    )
    .step("mount a tmpfs")?;
    chdir(stage).step("enter the stage")?;
    let devices = fill_upper(files, workdir, privileged)?;
    mount_root(privileged)?;
    mount_more("root", &devices)?;
    chdir("root").step("enter the root")?;
    // The old root goes on top of the new one, and away: pivot_root(2), "pivot_root(".", ".")".
    pivot_root(".", ".").step("change the root")?;
    umount2(".", MntFlags::MNT_DETACH).step("detach the old root")?;
    chdir("/").step("enter the new root")
}
// ANCHOR_END: rootfs

/// Makes the upper layer, in the folder `upper`. The image's files are copied: their folder lies on
/// the file system that is the lower layer, and overlayfs refuses a layer within another (ELOOP).
/// Returns the devices that are to be bound.
fn fill_upper(
    files: &Path,
    workdir: &str,
    privileged: bool,
) -> Result<Vec<&'static str>, StartError> {
    for folder in ["upper", "work", "root"] {
        fs::create_dir(folder).step("make the layers")?;
    }
    let upper = Path::new("upper");
    copy_files(files, upper, None).step("copy the image's files")?;
    if !privileged {
        for folder in WRITABLE {
            if fs::symlink_metadata(Path::new("/").join(folder)).is_ok_and(|data| data.is_dir()) {
                make(upper, folder, 0o755)?;
            }
        }
    }
    for (folder, mode) in PRIVATE.into_iter().chain(VAR) {
        make(upper, folder, mode)?;
    }
    for (target, name) in [("../run", "var/run"), ("../run/lock", "var/lock")] {
        // Unless the image has one.
        let _ = symlink(target, upper.join(name));
    }
    if workdir != "/" {
        make_folder(upper, Path::new(workdir)).map_err(|error| match error {
            crate::error::Error::Daemon(message) => StartError::engine(message),
            other => StartError::engine(other.to_string()),
        })?;
    }
    make_dev(&upper.join("dev"), privileged)
}

fn make(upper: &Path, folder: &str, mode: u32) -> Result<(), StartError> {
    let path = upper.join(folder);
    match fs::DirBuilder::new().mode(mode).create(&path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(error).step("make the layers")
        }
        // An image may have put a link there, out of the container: this is not to follow it.
        Err(error) if !fs::symlink_metadata(&path).is_ok_and(|data| data.is_dir()) => {
            Err(error).step("make the layers")
        }
        Err(_) => fs::set_permissions(&path, Permissions::from_mode(mode)).step("make the layers"),
        Ok(()) => Ok(()),
    }
}

/// /dev, but for what has to be mounted. Only root can make a device, and not in every container: returns
/// those of which there is a file only, where the machine's own is to be bound.
fn make_dev(dev: &Path, privileged: bool) -> Result<Vec<&'static str>, StartError> {
    let mut to_bind = Vec::new();
    for (device, minor) in DEVICES {
        let path = dev.join(device);
        let major = if device == "tty" { 5 } else { 1 };
        let mode = Mode::from_bits_truncate(0o666);
        // An image may bring one of its own, or a link out of the container: no file of the machine's is
        // to be opened by it.
        let _ = fs::remove_file(&path);
        if !privileged || mknod(&path, SFlag::S_IFCHR, mode, makedev(major, minor)).is_err() {
            fs::File::create_new(path).step("make /dev")?;
            to_bind.push(device);
        }
    }
    let links = [
        ("/proc/self/fd", "fd"),
        ("/proc/self/fd/0", "stdin"),
        ("/proc/self/fd/1", "stdout"),
        ("/proc/self/fd/2", "stderr"),
        ("pts/ptmx", "ptmx"),
    ];
    for (target, name) in links {
        symlink(target, dev.join(name)).step("make /dev")?;
    }
    for (folder, mode) in [("pts", 0o755), ("shm", 0o1777)] {
        make(dev, folder, mode)?;
    }
    Ok(to_bind)
}

// ANCHOR: layers
/// The machine's root below, the upper layer above.
fn mount_root(privileged: bool) -> Result<(), StartError> {
    if !privileged {
        return mount_folders();
    }
    // "Opaque": what the lower layer has of this folder does not show through.
    for (folder, _) in PRIVATE {
        set_attribute(&format!("upper/{folder}"), c"trusted.overlay.opaque", b"y")
            .step("hide the machine's files")?;
    }
    overlay("/", "upper", "work", "root", true).step("mount the root file system (overlayfs)")?;
    // What is another file system here is an empty folder in the layer below: one more overlay each.
    for point in other_file_systems() {
        mount_folder(&point, true)?;
    }
    Ok(())
}

/// The same without root. In a user namespace, what is mounted on the root is locked to it, so that
/// nobody can look underneath: `mount_namespaces(7)`. So it cannot be a layer; its folders can.
fn mount_folders() -> Result<(), StartError> {
    mount(Some("upper"), "root", NONE, MsFlags::MS_BIND, NONE).step("bind the upper layer")?;
    for entry in fs::read_dir("/").step("read the root")?.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let hidden = |list: &[&str]| list.iter().any(|other| name == *other);
        if hidden(&SKIPPED) || PRIVATE.iter().any(|(other, _)| name == *other) {
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => mount_folder(&path, false)?,
            // `/bin` is a link to `usr/bin` on most machines. An image's own file wins.
            Ok(kind) if kind.is_symlink() => {
                let _ =
                    fs::read_link(&path).and_then(|to| symlink(to, Path::new("root").join(&name)));
            }
            _ => {}
        }
    }
    for folder in ["proc", "sys"] {
        make(Path::new("root"), folder, 0o555)?;
    }
    Ok(())
}
// ANCHOR_END: layers

#[allow(unsafe_code)]
fn set_attribute(path: &str, name: &CStr, value: &[u8]) -> io::Result<()> {
    let path = CString::new(path)?;
    // SAFETY: both texts end with NUL, and the value is as long as we say.
    let done = unsafe {
        libc::lsetxattr(
            path.as_ptr(),
            name.as_ptr(),
            value.as_ptr().cast(),
            value.len(),
            0,
        )
    };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

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
    fs::create_dir_all(&upper).step("make the layers")?;
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
    // SAFETY: all zeros is a valid mount_attr.
    let mut attributes: libc::mount_attr = unsafe { std::mem::zeroed() };
    attributes.attr_set = libc::MOUNT_ATTR_RDONLY;
    let size = size_of_val(&attributes);
    // SAFETY: the path ends with NUL, and the attributes are as long as we say.
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
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
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

/// What is not a file: /proc, /sys and the devices.
fn mount_more(root: &str, devices: &[&str]) -> Result<(), StartError> {
    let at = |path: &str| format!("{root}/{path}");
    let safe = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), at("proc").as_str(), Some("proc"), safe, NONE).step("mount /proc")?;
    // A kernel may refuse; then /sys is the empty folder that the layer below has.
    let _ = mount(
        Some("sysfs"),
        at("sys").as_str(),
        Some("sysfs"),
        safe | MsFlags::MS_RDONLY,
        NONE,
    );
    for device in devices {
        let (source, target) = (format!("/dev/{device}"), at(&format!("dev/{device}")));
        let bind = MsFlags::MS_BIND;
        mount(Some(source.as_str()), target.as_str(), NONE, bind, NONE).step("bind a device")?;
    }
    let options = "newinstance,ptmxmode=0666,mode=0620";
    mount(
        Some("devpts"),
        at("dev/pts").as_str(),
        Some("devpts"),
        MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC,
        Some(options),
    )
    .step("mount /dev/pts")
}
