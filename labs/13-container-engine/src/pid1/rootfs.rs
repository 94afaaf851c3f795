//! The container's file system: this machine's root, untouchable below, with a layer of its own
//! above. Every mount is made inside the container's mount namespace and goes away with it.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{chdir, pivot_root};

use crate::error::{StartError, plain};
use crate::pid1::Step;
use crate::pid1::overlay::{self, NONE};
use crate::pid1::{devices, etc, layers};

/// The machine's side of what PID 1 needs to begin.
#[derive(Debug)]
pub(crate) struct Machine<'a> {
    /// A folder to mount on.
    pub(crate) stage: &'a Path,
    /// The image's files.
    pub(crate) files: &'a Path,
    pub(crate) hostname: &'a str,
    /// Whether a real root started us: no user namespace then, and every id exists.
    pub(crate) privileged: bool,
    /// Whether the monitor has something to do before we go on, and sends a byte then.
    pub(crate) waits: bool,
}

// ANCHOR: rootfs
/// Builds the root and moves into it; `workdir` will be there.
pub(crate) fn enter(machine: &Machine, workdir: &str) -> Result<(), StartError> {
    let (stage, privileged) = (machine.stage, machine.privileged);
    // Folders get exactly the permissions that are named here.
    umask(Mode::empty());
    // From here on, nothing that is mounted here shows up outside, nor the other
    // way round.
    mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE)
        .step("make the mounts private")?;
    // The upper layer is memory: it needs no cleaning up.
    let memory = Some("tmpfs");
    let (flags, mode) = (MsFlags::MS_NOSUID, Some("mode=0755"));
    mount(memory, stage, memory, flags, mode).step("mount a tmpfs")?;
    chdir(stage).step("enter the stage")?;
    layers::fill_upper(machine.files, privileged)?;
    // Where the image has a link in place of /etc, what is in there is its own
    // affair.
    if layers::make_like_the_machines(Path::new("etc"))? {
        etc::write(Path::new("upper/etc"), machine.hostname)?;
    }
    let devices = devices::fill_dev(Path::new("upper/dev"), privileged)?;
    overlay::mount_root(privileged)?;
    devices::mount_more(&devices)?;
    chdir("root").step("enter the root")?;
    // The old root goes on top of the new one, and away: pivot_root(2),
    // "pivot_root(".", ".")".
    pivot_root(".", ".").step("change the root")?;
    umount2(".", MntFlags::MNT_DETACH).step("detach the old root")?;
    chdir("/").step("enter the new root")?;
    // Only now: whatever links the image has, they lead to the container's own
    // files.
    make_workdir(workdir)
}
// ANCHOR_END: rootfs

/// Makes the working directory, unless there is one.
fn make_workdir(workdir: &str) -> Result<(), StartError> {
    let made = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(workdir);
    made.map_err(|error| {
        StartError::engine(match error.kind() {
            io::ErrorKind::AlreadyExists => format!("Cannot mkdir: {workdir} is not a directory"),
            _ => format!(
                "cannot make the working directory {workdir}: {}",
                plain(error)
            ),
        })
    })
}
