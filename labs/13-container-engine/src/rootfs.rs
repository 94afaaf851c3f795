//! The container's file system: this machine's root, untouchable below, with a layer of its own
//! above. Every mount is made inside the container's mount namespace and goes away with it.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::{chdir, pivot_root};

use crate::error::{StartError, plain};
use crate::image;

const NONE: Option<&str> = None;

/// Folders of which the container sees only what its image brings: what is in the machine's is
/// somebody's business, but not the container's. With their permissions.
const PRIVATE: [(&str, u32); 6] = [
    ("dev", 0o755),
    ("home", 0o755),
    ("root", 0o700),
    ("run", 0o755),
    ("tmp", 0o1777),
    ("var/tmp", 0o1777),
];

/// Folders that an ordinary user's container can write to. The machine's own belong to ids that are
/// not mapped, so not even the container's root may; one in the upper layer is the container's.
const WRITABLE: [&str; 12] = [
    "etc",
    "mnt",
    "opt",
    "srv",
    "usr",
    "usr/local",
    "usr/local/bin",
    "var",
    "var/cache",
    "var/lib",
    "var/log",
    "var/spool",
];

/// Devices that harm nobody.
const DEVICES: [&str; 6] = ["full", "null", "random", "tty", "urandom", "zero"];

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
/// Builds the root and moves into it. `stage` is any empty-handed folder to mount on, `files` are the
/// image's, `workdir` will be there. `privileged` says that a real root started us.
pub(crate) fn enter(
    stage: &Path,
    files: &Path,
    workdir: &str,
    privileged: bool,
) -> Result<(), StartError> {
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
    fill_upper(files, workdir, privileged)?;
    mount_root(privileged)?;
    mount_more("root")?;
    chdir("root").step("enter the root")?;
    // The old root goes on top of the new one, and away: pivot_root(2), "pivot_root(".", ".")".
    pivot_root(".", ".").step("change the root")?;
    umount2(".", MntFlags::MNT_DETACH).step("detach the old root")?;
    chdir("/").step("enter the new root")
}
// ANCHOR_END: rootfs

/// Makes the upper layer, in the folder `upper`. The image's files are copied: their folder lies on
/// the file system that is the lower layer, and overlayfs refuses a layer within another (ELOOP).
fn fill_upper(files: &Path, workdir: &str, privileged: bool) -> Result<(), StartError> {
    for folder in ["upper", "work", "root"] {
        fs::create_dir(folder).step("make the layers")?;
    }
    let upper = Path::new("upper");
    image::copy(files, upper, None).step("copy the image's files")?;
    fs::set_permissions(upper, Permissions::from_mode(0o755)).step("make the layers")?;
    if !privileged {
        for folder in WRITABLE {
            if fs::symlink_metadata(Path::new("/").join(folder)).is_ok_and(|data| data.is_dir()) {
                make(upper, folder, 0o755)?;
            }
        }
    }
    for (folder, mode) in PRIVATE {
        make(upper, folder, mode)?;
    }
    if workdir != "/" {
        image::make_folder(upper, Path::new(workdir)).map_err(|error| match error {
            crate::error::Error::Daemon(message) => StartError::engine(message),
            other => StartError::engine(other.to_string()),
        })?;
    }
    make_dev(&upper.join("dev"))
}

fn make(upper: &Path, folder: &str, mode: u32) -> Result<(), StartError> {
    let path = upper.join(folder);
    match fs::create_dir(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(&path).step("make the layers")?;
        }
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(error).step("make the layers");
        }
        _ => {}
    }
    // Our umask took some bits away.
    fs::set_permissions(&path, Permissions::from_mode(mode)).step("make the layers")
}

/// /dev, but for what has to be mounted.
fn make_dev(dev: &Path) -> Result<(), StartError> {
    for device in DEVICES {
        fs::File::create(dev.join(device)).step("make /dev")?;
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
    Ok(())
}

/// The machine's root below, the upper layer above.
fn mount_root(privileged: bool) -> Result<(), StartError> {
    overlay("/", "upper", "work", "root", privileged).map_err(|error| {
        let hint = if privileged {
            "overlayfs is needed"
        } else {
            "overlayfs without root needs Linux 5.11"
        };
        StartError::engine(format!(
            "cannot mount the root file system: {} ({hint})",
            plain(error)
        ))
    })?;
    // What is another file system here is an empty folder in the layer below: one more overlay each.
    for (number, point) in other_file_systems().into_iter().enumerate() {
        let inside = point.strip_prefix("/").unwrap_or(&point).to_owned();
        let (upper, work) = (
            Path::new("upper").join(&inside),
            PathBuf::from(format!("work{number}")),
        );
        fs::create_dir_all(&upper).step("make the layers")?;
        fs::create_dir_all(&work).step("make the layers")?;
        let target = Path::new("root").join(&inside);
        let text = |path: &Path| path.to_string_lossy().into_owned();
        if overlay(
            &text(&point),
            &text(&upper),
            &text(&work),
            &text(&target),
            privileged,
        )
        .is_err()
        {
            let bind = MsFlags::MS_BIND | MsFlags::MS_REC;
            mount(Some(&point), &target, NONE, bind, NONE).step("bind a file system")?;
            let read_only = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
            // Without root, flags that the machine's administrator set may not be dropped: leave it.
            let _ = mount(NONE, &target, NONE, read_only, NONE);
        }
    }
    Ok(())
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
        "bin", "etc", "gnu", "lib", "lib64", "nix", "opt", "sbin", "usr",
    ];
    // Field 5 is the mount point: proc_pid_mountinfo(5).
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let points = table
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .map(PathBuf::from);
    let mut points: Vec<_> = points
        .filter(|point| {
            point
                .components()
                .nth(1)
                .is_some_and(|top| SYSTEM.iter().any(|name| top.as_os_str() == *name))
        })
        .filter(|point| point.is_dir())
        .collect();
    points.sort();
    points.dedup_by(|inner, outer| inner.starts_with(&*outer));
    points
}

/// What is not a file: /proc, /sys, the devices, and the private folders.
fn mount_more(root: &str) -> Result<(), StartError> {
    let at = |path: &str| format!("{root}/{path}");
    for (folder, _) in PRIVATE {
        let source = format!("upper/{folder}");
        mount(
            Some(source.as_str()),
            at(folder).as_str(),
            NONE,
            MsFlags::MS_BIND,
            NONE,
        )
        .step("hide the machine's files")?;
    }
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
    for device in DEVICES {
        let source = format!("/dev/{device}");
        mount(
            Some(source.as_str()),
            at(&source[1..]).as_str(),
            NONE,
            MsFlags::MS_BIND,
            NONE,
        )
        .step("bind a device")?;
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
