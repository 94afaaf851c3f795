//! ptrace(2) and waitpid(2) with signals as bare numbers: nix's wrappers know no real-time signals, and a tracer that
//! cannot hand on SIGRTMIN+3 would swallow it.

use std::fs::File;
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::unistd::Pid;

use super::sender::Sender;
use super::set::Sig;

/// How a stopped task goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// Until the next event or signal.
    Freely,
    /// Until the next system call, too.
    ToSystemCall,
    /// It stays stopped, but a SIGCONT is reported (`PTRACE_LISTEN`).
    Listen,
    /// For good, without us.
    Untraced,
}

/// Begins to trace a task without stopping it, with every event that a tracer can have.
pub fn seize(task: i32) -> Result<(), Errno> {
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_TRACEEXIT;
    ptrace::seize(Pid::from_raw(task), options)
}

/// Lets a stopped task go on, and gives it `signal`, or none. That it is gone (ESRCH) is no fault: SIGKILL ends a
/// stopped tracee, too.
#[allow(unsafe_code)]
pub fn resume(task: i32, how: Resume, signal: Option<Sig>) {
    let request = match how {
        Resume::Freely => libc::PTRACE_CONT,
        Resume::ToSystemCall => libc::PTRACE_SYSCALL,
        Resume::Listen => 0x4208, // PTRACE_LISTEN, linux/ptrace.h; the libc crate does not name it for glibc
        Resume::Untraced => libc::PTRACE_DETACH,
    };
    let number = signal.map_or(0, |signal| libc::c_long::from(signal.0));
    // SAFETY: none of these requests reads or writes our memory: the last argument is a signal's number, not an address.
    unsafe { libc::ptrace(request, task, std::ptr::null_mut::<libc::c_void>(), number) };
}

/// Stops a task for a moment, without a signal.
pub fn interrupt(task: i32) {
    // It may be gone.
    let _ = ptrace::interrupt(Pid::from_raw(task));
}

/// What a ptrace event is about: a new task, an exit status.
pub fn message(task: i32) -> Option<i64> {
    ptrace::getevent(Pid::from_raw(task)).ok()
}

/// Who sent the signal for which the task is stopped; `None` in a group-stop.
#[allow(unsafe_code)]
pub fn sender(task: i32) -> Option<Sender> {
    let info = ptrace::getsiginfo(Pid::from_raw(task)).ok()?;
    let code = info.si_code;
    // SAFETY: the kernel filled in all of the union's bytes. Pid and uid are there for a signal that a process sent
    // (code 0 and below) and for SIGCHLD; for the others they are not looked at.
    let (pid, uid) = unsafe { (info.si_pid(), info.si_uid()) };
    let sent = code <= 0 || info.si_signo == libc::SIGCHLD;
    Some(if sent {
        Sender { code, pid, uid }
    } else {
        Sender {
            code,
            pid: 0,
            uid: 0,
        }
    })
}

/// Which end of a system call a task is stopped at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// At its begin: number and arguments.
    Entry(u64, [u64; 6]),
    /// At its end: what it returns.
    Exit(i64),
}

/// What a syscall-stop is about.
#[allow(unsafe_code)]
pub fn call(task: i32) -> Option<Call> {
    let info = ptrace::syscall_info(Pid::from_raw(task)).ok()?;
    // SAFETY: `op` says which member of the union the kernel has filled in (ptrace(2), PTRACE_GET_SYSCALL_INFO).
    match info.op {
        libc::PTRACE_SYSCALL_INFO_ENTRY => unsafe {
            Some(Call::Entry(info.u.entry.nr, info.u.entry.args))
        },
        libc::PTRACE_SYSCALL_INFO_EXIT => unsafe { Some(Call::Exit(info.u.exit.sval)) },
        _ => None,
    }
}

/// Reads a tracee's memory.
pub fn memory(task: i32, address: u64, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    let from = nix::sys::uio::RemoteIoVec {
        base: usize::try_from(address).ok()?,
        len: length,
    };
    let to = &mut [std::io::IoSliceMut::new(&mut bytes)];
    let read = nix::sys::uio::process_vm_readv(Pid::from_raw(task), to, &[from]).ok()?;
    bytes.truncate(read);
    Some(bytes)
}

/// One task that has stopped or ended, and its raw status; `None` when nobody has. The error is ECHILD when there is
/// nobody to wait for.
#[allow(unsafe_code)]
pub fn wait() -> Result<Option<(i32, i32)>, Errno> {
    let mut status = 0;
    // SAFETY: waitpid writes one int, to a valid place. __WALL: threads and other tracees that are not our children.
    let task = unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG | libc::__WALL) };
    Ok(match Errno::result(task)? {
        0 => None,
        task => Some((task, status)),
    })
}

/// FIONREAD: how many bytes can be read from a pipe.
#[allow(unsafe_code)]
pub fn waiting_bytes(file: &File) -> usize {
    let mut count: libc::c_int = 0;
    // SAFETY: FIONREAD writes one int, to a valid place (ioctl_tty(2)).
    let done = unsafe { libc::ioctl(file.as_raw_fd(), libc::FIONREAD, &mut count) };
    if done == 0 {
        usize::try_from(count).unwrap_or(0)
    } else {
        0
    }
}

/// Sends a signal to a process.
#[allow(unsafe_code)]
pub fn kill(pid: i32, signal: Sig) -> Result<(), Errno> {
    // SAFETY: kill() takes two numbers.
    Errno::result(unsafe { libc::kill(pid, signal.0) }).map(drop)
}

/// Makes a child that makes a child and ends at once, and returns the grandchild: an orphan, which the kernel gives to
/// PID 1 of the namespace. It ends when `input` is closed.
#[allow(unsafe_code)]
pub fn orphan() -> Result<i32, Errno> {
    let (reader, writer) = nix::unistd::pipe()?;
    // SAFETY: this process has one thread, so that after fork everything may be called; the children only call
    // fork, write, read and _exit.
    let child = match unsafe { nix::unistd::fork()? } {
        nix::unistd::ForkResult::Parent { child } => child,
        nix::unistd::ForkResult::Child => {
            // SAFETY: as above.
            if let Ok(nix::unistd::ForkResult::Parent { child }) = unsafe { nix::unistd::fork() } {
                let _ = nix::unistd::write(&writer, &child.as_raw().to_ne_bytes());
            }
            // SAFETY: _exit runs nothing of ours.
            unsafe { libc::_exit(0) }
        }
    };
    drop(writer);
    let mut bytes = [0; 4];
    let read = nix::unistd::read(&reader, &mut bytes)?;
    nix::sys::wait::waitpid(child, None)?;
    if read == 4 {
        Ok(i32::from_ne_bytes(bytes))
    } else {
        Err(Errno::EIO)
    }
}
