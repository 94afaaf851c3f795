//! What in the root is not a file of anybody's: /dev, /proc, /sys.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::Path;

use nix::mount::{MsFlags, mount};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};

use crate::error::StartError;
use crate::pid1::Step;
use crate::pid1::overlay::NONE;

/// Devices that harm nobody, with their minor numbers: `null(4)`, `random(4)`, `full(4)`, `tty(4)`.
const DEVICES: [(&str, u64); 6] = [
    ("full", 7),
    ("null", 3),
    ("random", 8),
    ("tty", 0),
    ("urandom", 9),
    ("zero", 5),
];

/// Fills /dev, but for what has to be mounted; nothing in it is the image's. Only root can make a device, and not in
/// every container: returns those of which there is a file only, where the machine's own is to be bound.
pub(crate) fn fill_dev(dev: &Path, privileged: bool) -> Result<Vec<&'static str>, StartError> {
    let mut to_bind = Vec::new();
    for (device, minor) in DEVICES {
        let path = dev.join(device);
        let major = if device == "tty" { 5 } else { 1 };
        let mode = Mode::from_bits_truncate(0o666);
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
        fs::DirBuilder::new()
            .mode(mode)
            .create(dev.join(folder))
            .step("make /dev")?;
    }
    Ok(to_bind)
}

/// Mounts the kernel's own file systems, and the devices that could not be made.
pub(crate) fn mount_more(devices: &[&str]) -> Result<(), StartError> {
    let safe = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), "root/proc", Some("proc"), safe, NONE).step("mount /proc")?;
    // A kernel may refuse; then /sys is the empty folder that the layer below has.
    let _ = mount(
        Some("sysfs"),
        "root/sys",
        Some("sysfs"),
        safe | MsFlags::MS_RDONLY,
        NONE,
    );
    for device in devices {
        let (source, target) = (format!("/dev/{device}"), format!("root/dev/{device}"));
        let bind = MsFlags::MS_BIND;
        mount(Some(source.as_str()), target.as_str(), NONE, bind, NONE).step("bind a device")?;
    }
    let options = "newinstance,ptmxmode=0666,mode=0620";
    mount(
        Some("devpts"),
        "root/dev/pts",
        Some("devpts"),
        MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC,
        Some(options),
    )
    .step("mount /dev/pts")
}

/// Makes a terminal the container's /dev/console, by its descriptor.
pub(crate) fn bind_console(terminal: &OwnedFd) -> io::Result<()> {
    let console = "/dev/console";
    fs::File::create_new(console)?;
    let terminal = format!("/proc/self/fd/{}", terminal.as_raw_fd());
    Ok(mount(
        Some(terminal.as_str()),
        console,
        NONE,
        MsFlags::MS_BIND,
        NONE,
    )?)
}
