//! Namespaces: made for a new container, entered where one runs.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;
use nix::sched::{CloneFlags, setns};
use nix::unistd::{getegid, geteuid};

use crate::pidfd::PidFd;

/// Where [`clone`] returned.
#[derive(Debug)]
pub(crate) enum Cloned {
    /// In the new process: PID 1 of its namespace.
    Child,
    /// In the caller: a handle on the new process, and its number here.
    Parent(PidFd, i32),
}

// ANCHOR: clone
/// Makes a process in namespaces of its own: like `fork(2)`, but the child is
/// alone. It is PID 1, sees no process, no network and no mount but its own, and
/// may rename the machine for itself.
///
/// Root may make all of them. An ordinary user makes a user namespace in the same
/// call; the kernel makes that one first, and in it the user holds every
/// capability, also the one to make the rest: `user_namespaces(7)`.
///
/// # Safety
/// The calling process has one thread. (With more, the child would have a copy of a
/// memory in which others were at work.)
#[allow(unsafe_code)]
pub(crate) unsafe fn clone() -> io::Result<Cloned> {
    let mut flags = OWN | libc::CLONE_NEWPID;
    if !geteuid().is_root() {
        flags |= libc::CLONE_NEWUSER;
    }
    // SAFETY: our caller has one thread.
    unsafe { clone3(flags, libc::SIGCHLD) }
}
// ANCHOR_END: clone

/// The namespaces that every container has for itself.
pub(super) const OWN: i32 =
    libc::CLONE_NEWNS | libc::CLONE_NEWNET | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS;

/// `clone3(2)`, for which no library has a function.
///
/// # Safety
/// As for [`clone`].
#[allow(unsafe_code)]
pub(super) unsafe fn clone3(flags: i32, exit_signal: i32) -> io::Result<Cloned> {
    let flags = flags | libc::CLONE_PIDFD;
    let mut pidfd = -1;
    // SAFETY: a struct of integers only, for which zeros mean "as by default".
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    args.flags = u64::from(flags.cast_unsigned());
    args.exit_signal = u64::from(exit_signal.cast_unsigned());
    args.pidfd = (&raw mut pidfd) as u64;
    // No stack is given: the child goes on with a copy of ours, as after fork(2).
    let size = size_of_val(&args);
    // SAFETY: the kernel reads as many bytes of `args` as we say, and writes into `pidfd`, which lives on. The child
    // gets a copy of this memory, in which nobody else was at work: our caller has one thread.
    let pid = unsafe { libc::syscall(libc::SYS_clone3, &raw const args, size) };
    match i32::try_from(pid) {
        Ok(0) => Ok(Cloned::Child),
        Ok(pid) if pid > 0 => Ok(Cloned::Parent(PidFd::from_raw(pidfd), pid)),
        _ => Err(io::Error::last_os_error()),
    }
}

// ANCHOR: map
/// Says who the user namespace's root is outside: us. One id is all that an
/// ordinary user may map, and giving up setgroups(2) is its price:
/// `user_namespaces(7)`.
pub(crate) fn map_root_to_us(pid: i32) -> io::Result<()> {
    let (uid, gid) = (geteuid(), getegid());
    fs::write(format!("/proc/{pid}/uid_map"), format!("0 {uid} 1\n"))?;
    fs::write(format!("/proc/{pid}/setgroups"), "deny")?;
    fs::write(format!("/proc/{pid}/gid_map"), format!("0 {gid} 1\n"))
}
// ANCHOR_END: map

/// Becomes `uid` and `gid` where only root is mapped: one more user namespace, in which root is
/// called `uid`. To be called right before exec: the capabilities in the old one are gone.
pub(crate) fn rename_root(uid: u32, gid: u32) -> io::Result<()> {
    nix::sched::unshare(CloneFlags::CLONE_NEWUSER)?;
    fs::write("/proc/self/uid_map", format!("{uid} 0 1\n"))?;
    // "deny" was inherited; writing it again is harmless where it was not.
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/gid_map", format!("{gid} 0 1\n"))
}

/// The namespaces of a running container, held open.
#[derive(Debug)]
pub(crate) struct Namespaces {
    user: Option<OwnedFd>,
    others: Vec<File>,
    root: File,
}

impl Namespaces {
    /// Those of the process `pid`: the container's PID 1.
    pub(crate) fn of(pid: i32) -> io::Result<Self> {
        let open = |name: &str| File::open(format!("/proc/{pid}/{name}"));
        let names = ["ns/ipc", "ns/uts", "ns/net", "ns/pid", "ns/mnt"];
        let others = names
            .into_iter()
            .map(open)
            .collect::<io::Result<Vec<_>>>()?;
        let user = if geteuid().is_root() {
            None
        } else {
            Some(owner_of(&others[2])?)
        };
        Ok(Self {
            user,
            others,
            root: open("root")?,
        })
    }

    // ANCHOR: enter
    /// Enters them all. The user namespace first: it gives the right to enter the
    /// others. The pid namespace holds for children only: whoever calls this has to
    /// fork to be seen inside.
    pub(crate) fn enter(&self) -> io::Result<()> {
        if let Some(user) = &self.user {
            setns(user, CloneFlags::CLONE_NEWUSER)?;
        }
        for namespace in &self.others {
            setns(namespace, CloneFlags::empty())?;
        }
        nix::unistd::fchdir(&self.root)?;
        nix::unistd::chroot(".")?;
        Ok(())
    }
    // ANCHOR_END: enter

    /// Enters the pid namespace, for children to come, and the user namespace that gives the right to.
    pub(crate) fn enter_pids(&self) -> io::Result<()> {
        if let Some(user) = &self.user {
            setns(user, CloneFlags::CLONE_NEWUSER)?;
        }
        Ok(setns(&self.others[3], CloneFlags::CLONE_NEWPID)?)
    }

    /// Enters the network alone: for the proxy of published ports.
    pub(crate) fn enter_network(&self) -> io::Result<()> {
        if let Some(user) = &self.user {
            setns(user, CloneFlags::CLONE_NEWUSER)?;
        }
        setns(&self.others[2], CloneFlags::CLONE_NEWNET)?;
        Ok(())
    }
}

/// The user namespace that a namespace belongs to: `ioctl_nsfs(2)`. PID 1's own may be a deeper one
/// (see [`rename_root`]), in which we could not enter the rest.
#[allow(unsafe_code)]
fn owner_of(namespace: &File) -> io::Result<OwnedFd> {
    /// `NS_GET_USERNS`, `_IO(0xb7, 1)`.
    const NS_GET_USERNS: libc::Ioctl = 0xb701;
    // SAFETY: this request takes no argument, so the kernel touches no memory of ours.
    let fd = Errno::result(unsafe { libc::ioctl(namespace.as_raw_fd(), NS_GET_USERNS) })?;
    // SAFETY: a descriptor that the kernel just made, and that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
