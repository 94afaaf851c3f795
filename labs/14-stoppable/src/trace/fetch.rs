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
    let signalfd = |(_, mask): &(i32, Set)| mask.0 & INTERESTING.0 != 0;
    if threads.iter().any(blocks) && process::signalfds(pid).iter().any(signalfd) {
        return threads;
    }
    threads.into_iter().filter(|task| waits(*task)).collect()
}

/// Does it block signals that matter, and run just now? Nobody can see whether it is about to wait for them.
pub fn undecided(task: i32) -> bool {
    let call = std::fs::read_to_string(format!("/proc/{task}/syscall")).unwrap_or_default();
    call.trim_end() == "running"
        && status::read(task).is_some_and(|status| status.blocked.0 & INTERESTING.0 != 0)
}

/// Is it within rt_sigtimedwait(2), for one of the signals that matter? /proc/PID/syscall begins with the number of the
/// call and its arguments. SigBlk is no help: as long as a task waits there, the kernel takes what it waits for out of
/// its mask (do_sigtimedwait in kernel/signal.c).
fn waits(task: i32) -> bool {
    let text = std::fs::read_to_string(format!("/proc/{task}/syscall")).unwrap_or_default();
    let mut words = text.split_ascii_whitespace();
    if words.next() != Some(&libc::SYS_rt_sigtimedwait.to_string()) {
        return false;
    }
    let address = words
        .next()
        .and_then(|word| u64::from_str_radix(word.trim_start_matches("0x"), 16).ok());
    let set = address.and_then(|address| sys::memory(task, address, size_of::<u64>()));
    let set = set.and_then(|bytes| Some(u64::from_ne_bytes(bytes.try_into().ok()?)));
    set.is_some_and(|set| set & INTERESTING.0 != 0)
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

#[cfg(test)]
mod tests {
    use std::os::unix::thread::JoinHandleExt;
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    use nix::sys::pthread::pthread_kill;
    use nix::sys::signal::{SigSet, Signal};
    use nix::unistd::gettid;

    use super::*;

    #[test]
    fn a_task_that_waits_for_a_signal_is_known_though_its_mask_does_not_show_it() {
        let (send, receive) = mpsc::channel();
        let waiter = std::thread::spawn(move || {
            let mut set = SigSet::empty();
            set.add(Signal::SIGUSR1);
            set.thread_block().unwrap();
            send.send(gettid().as_raw()).unwrap();
            set.wait().unwrap()
        });
        let task = receive.recv().unwrap();
        let until = Instant::now() + Duration::from_secs(60);
        while !waits(task) {
            assert!(Instant::now() < until, "it was never seen to wait");
        }
        let blocked = status::read(task).unwrap().blocked;
        assert!(!blocked.has(Sig(Signal::SIGUSR1 as i32)), "{blocked:?}");
        assert!(!waits(gettid().as_raw()), "we wait for no signal");
        pthread_kill(waiter.as_pthread_t(), Signal::SIGUSR1).unwrap();
        assert_eq!(waiter.join().unwrap(), Signal::SIGUSR1);
    }
}
