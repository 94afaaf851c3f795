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
use crate::pid1::{devices, layers};

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
    let memory = Some("tmpfs");
    mount(memory, stage, memory, MsFlags::MS_NOSUID, Some("mode=0755")).step("mount a tmpfs")?;
    chdir(stage).step("enter the stage")?;
    layers::fill_upper(files, privileged)?;
    let devices = devices::fill_dev(Path::new("upper/dev"), privileged)?;
    overlay::mount_root(privileged)?;
    devices::mount_more(&devices)?;
    chdir("root").step("enter the root")?;
    // The old root goes on top of the new one, and away: pivot_root(2), "pivot_root(".", ".")".
    pivot_root(".", ".").step("change the root")?;
    umount2(".", MntFlags::MNT_DETACH).step("detach the old root")?;
    chdir("/").step("enter the new root")?;
    // Only now: whatever links the image has, they lead to the container's own files.
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
