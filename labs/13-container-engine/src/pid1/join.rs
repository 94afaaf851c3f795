//! A container in the pid namespace of another: `--pid=container:NAME`. It sees that one's processes, may signal
//! them, and ends with them: when a namespace's PID 1 ends, the kernel kills the rest (`pid_namespaces(7)`).

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::libc;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

use crate::pid1::namespaces::{Cloned, Namespaces, OWN, clone3};
use crate::pid1::program::die;
use crate::pidfd::PidFd;

// ANCHOR: join
/// As [`clone`](super::namespaces::clone), but in the pid namespace of `other`.
///
/// A pid namespace is for the children of whoever enters it, and an ordinary user
/// has to enter its user namespace first, in which the monitor must not stay. So a
/// helper does both, and makes a child that is not its own but its parent's:
/// CLONE_PARENT, `clone(2)`. Then it is done.
///
/// # Safety
/// The calling process has one thread.
#[allow(unsafe_code)]
pub(crate) unsafe fn clone_into(other: &Namespaces) -> io::Result<Cloned> {
    let (mut ours, mut theirs) = UnixStream::pair()?;
    // SAFETY: our caller has one thread.
    match unsafe { fork() }? {
        ForkResult::Child => {
            drop(ours);
            let entered = other.enter_pids();
            // Such a child sends its parent what its maker would: SIGCHLD.
            let flags = OWN | libc::CLONE_PARENT;
            // SAFETY: the helper has one thread, too.
            let made = entered.and_then(|()| unsafe { clone3(flags, 0) });
            let answer = match made {
                Ok(Cloned::Child) => return Ok(Cloned::Child),
                Ok(Cloned::Parent(_, pid)) => pid,
                Err(error) => -error.raw_os_error().unwrap_or(libc::EIO),
            };
            let _ = theirs.write_all(&answer.to_ne_bytes());
            die(0)
        }
        ForkResult::Parent { child } => {
            drop(theirs);
            let mut answer = [0; 4];
            let heard = ours.read_exact(&mut answer);
            waitpid(child, None)?;
            heard?;
            match i32::from_ne_bytes(answer) {
                // It is our child, so the number stays its own until we have reaped
                // it.
                pid if pid > 0 => Ok(Cloned::Parent(PidFd::open(pid)?, pid)),
                error => Err(io::Error::from_raw_os_error(-error)),
            }
        }
    }
}
// ANCHOR_END: join

/// Ends what a container leaves in a namespace that is not its own: the end of its first process is not the end of all,
/// there. Docker does the same, by control group; pocket has none, and tells them by `mounts`, their mount namespace.
pub(crate) fn end_rest(mounts: &File) -> io::Result<()> {
    let (own, outside) = (mounts.metadata()?, fs::metadata("/proc/self/ns/pid")?);
    let is_own = |pid: i32| {
        // Not of a process that has ended: a zombie is in no namespace.
        let space = |name| fs::metadata(format!("/proc/{pid}/ns/{name}"));
        let same =
            |one: &Metadata, two: &Metadata| (one.dev(), one.ino()) == (two.dev(), two.ino());
        // Who watches a process that `exec` added has entered those mounts, too, but is one of ours.
        space("mnt").is_ok_and(|mnt| same(&mnt, &own))
            && space("pid").is_ok_and(|pid| !same(&pid, &outside))
    };
    loop {
        let entries = fs::read_dir("/proc")?.flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let mut found = false;
        for pid in pids {
            // The handle first: then the number cannot become another's between the look and the signal.
            if let Ok(handle) = PidFd::open(pid)
                && is_own(pid)
            {
                found = true;
                let _ = handle.send(libc::SIGKILL);
                handle.ended_within(Some(Duration::from_secs(1)))?;
            }
        }
        // One may have forked between the look and its end.
        if !found {
            return Ok(());
        }
    }
}
