//! Signals that a process blocks and takes out of its pending set: sigwait(3) and signalfd(2).
//!
//! No ptrace event tells of them, so the tasks that do this, and only they, are stopped at each system call.

use nix::libc;

use super::event::Outcome;
use super::process;
use super::sender::Sender;
use super::set::{Set, Sig};
use super::status;
use super::sys;

/// The signals by which people stop, reload or interrupt programs; a process that blocks none of these is left alone.
pub const INTERESTING: Set =
    Set(1 << 0 | 1 << 1 | 1 << 2 | 1 << 9 | 1 << 11 | 1 << 14 | 0x7fff_ffff << 33);

/// The tasks of a process that fetch signals, as far as can be seen.
pub fn tasks(pid: i32) -> Vec<i32> {
    let threads = process::threads(pid);
    let blocks = |task: &i32| {
        status::read(*task).is_some_and(|status| status.blocked.0 & INTERESTING.0 != 0)
    };
    if !threads.iter().any(blocks) {
        return Vec::new();
    }
    if process::signalfds(pid)
        .iter()
        .any(|(_, mask)| mask.0 & INTERESTING.0 != 0)
    {
        return threads;
    }
    threads.into_iter().filter(|task| waits(*task)).collect()
}

/// Is it within rt_sigtimedwait(2)? /proc/PID/syscall begins with the number of the call.
fn waits(task: i32) -> bool {
    let text = std::fs::read_to_string(format!("/proc/{task}/syscall")).unwrap_or_default();
    text.split(' ').next() == Some(&libc::SYS_rt_sigtimedwait.to_string())
}

/// What a system call that has returned took out of the pending set.
pub fn taken(
    pid: i32,
    task: i32,
    call: (u64, [u64; 6]),
    returned: i64,
) -> Vec<(Sig, Option<Sender>, Outcome)> {
    let (number, arguments) = call;
    let is = |known: libc::c_long| u64::try_from(known) == Ok(number);
    if is(libc::SYS_rt_sigtimedwait) && (1..=64).contains(&returned) {
        let info = Some(arguments[1]).filter(|address| *address != 0);
        let bytes = info.and_then(|address| sys::memory(task, address, 24));
        let signal = Sig(i32::try_from(returned).unwrap_or(0));
        return vec![(
            signal,
            bytes.and_then(|bytes| siginfo(&bytes)),
            Outcome::SigWait,
        )];
    }
    let from = i32::try_from(arguments[0]).unwrap_or(-1);
    if is(libc::SYS_read)
        && returned >= 128
        && process::signalfds(pid).iter().any(|(fd, _)| *fd == from)
    {
        let length = usize::try_from(returned).unwrap_or(0);
        let bytes = sys::memory(task, arguments[1], length).unwrap_or_default();
        let records = bytes.chunks_exact(128);
        return records
            .filter_map(|record| Some((Sig(word(record, 0)?), signalfd(record), Outcome::SignalFd)))
            .collect();
    }
    Vec::new()
}

/// The sender in a siginfo_t of a signal that was sent: si_signo, si_errno, si_code, and on 64-bit machines padding,
/// then si_pid and si_uid.
fn siginfo(bytes: &[u8]) -> Option<Sender> {
    Some(Sender {
        code: word(bytes, 8)?,
        pid: word(bytes, 16)?,
        uid: word(bytes, 20)?.cast_unsigned(),
    })
}

/// The sender in a signalfd_siginfo: ssi_signo, ssi_errno, ssi_code, ssi_pid, ssi_uid (signalfd(2)).
fn signalfd(bytes: &[u8]) -> Option<Sender> {
    Some(Sender {
        code: word(bytes, 8)?,
        pid: word(bytes, 12)?,
        uid: word(bytes, 16)?.cast_unsigned(),
    })
}

/// The int at this place.
fn word(bytes: &[u8], at: usize) -> Option<i32> {
    Some(i32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
