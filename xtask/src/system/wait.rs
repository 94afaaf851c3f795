//! The one place where the runner waits: for several things by name, with or without a deadline, deaf to
//! Ctrl-C or not.
//!
//! poll(2) wakes for whatever comes first: bytes to read, the end of a pipe, the end of a process (its pidfd,
//! pidfd_open(2)), a signal (the interrupt's pipe). No wait is one of a fixed time.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::system::interrupt::{self, Interrupt};

/// What ends a wait for which nothing has come.
#[derive(Debug, Clone, Copy)]
pub struct Until<'a> {
    deadline: Option<Instant>,
    interrupt: Option<&'a Interrupt>,
}

impl Until<'static> {
    /// An interrupt, and nothing else.
    pub fn interrupt() -> Until<'static> {
        Until {
            deadline: None,
            interrupt: interrupt::installed(),
        }
    }

    /// An interrupt, or the end of this time from now.
    pub fn within(time: Duration) -> Until<'static> {
        Until {
            interrupt: interrupt::installed(),
            ..Until::in_any_case(time)
        }
    }

    /// The end of this time from now, and no interrupt: for what has to be done after one.
    pub fn in_any_case(time: Duration) -> Until<'static> {
        Until {
            // A time that no clock can show never comes.
            deadline: Instant::now().checked_add(time),
            interrupt: None,
        }
    }
}

/// Waits until one of `sources` is ready: readable, at its end, or, for a pidfd, ended. Says which are, by the names
/// that the caller gave them, in the order of `sources`. `None`: the deadline has passed. An interrupt is an error,
/// [`interrupt::Interrupted`].
///
/// The deadline and the interrupt come first: a source that is always ready (`yes`) does not hide them.
pub fn wait<Name: Copy>(
    sources: &[(Name, BorrowedFd<'_>)],
    until: Until<'_>,
) -> Result<Option<Vec<Name>>> {
    let watched = sources.iter().map(|(_, fd)| *fd);
    let mut fds: Vec<PollFd<'_>> = watched
        .chain(until.interrupt.map(AsFd::as_fd))
        .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
        .collect();
    loop {
        until.interrupt.map_or(Ok(()), Interrupt::check)?;
        let timeout = match until.deadline {
            None => PollTimeout::NONE,
            Some(deadline) => match deadline.saturating_duration_since(Instant::now()) {
                Duration::ZERO => return Ok(None),
                // Rounded up, or the last millisecond would be spent in a busy loop. What is longer than poll can wait
                // is waited for in pieces.
                left => PollTimeout::try_from(left + Duration::from_millis(1))
                    .unwrap_or(PollTimeout::MAX),
            },
        };
        match poll(&mut fds, timeout) {
            // A handler ran (its status is looked at above), or the time is up (so is that).
            Err(Errno::EINTR) | Ok(0) => continue,
            Err(error) => return Err(error).context("poll"),
            Ok(_) => until.interrupt.map_or(Ok(()), Interrupt::check)?,
        }
        let ready = sources
            .iter()
            .zip(&fds)
            .filter(|(_, fd)| fd.any() == Some(true))
            .map(|((name, _), _)| *name);
        return Ok(Some(ready.collect()));
    }
}

/// A descriptor that is ready when `child` has ended. The child must not have been waited for: its number might be
/// another process's by now.
pub fn pidfd(child: &Child) -> Result<OwnedFd> {
    let pid = Pid::from_raw(child.id().cast_signed()).context("a child has a number")?;
    pidfd_open(pid, PidfdFlags::empty()).context("pidfd_open")
}

#[cfg(test)]
impl<'a> Until<'a> {
    /// These and nothing else, for tests with an interrupt of their own.
    pub fn given(deadline: Option<Instant>, interrupt: Option<&'a Interrupt>) -> Until<'a> {
        Until {
            deadline,
            interrupt,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::interrupt::Interrupted;
    use nix::unistd::{pipe, write};
    use std::process::{Command, Stdio};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    const NEVER: Duration = Duration::from_secs(3600);

    #[test]
    fn whoever_is_ready_is_named_in_order() {
        let ((first, to_first), (second, _to_second), (third, to_third)) =
            (pipe().unwrap(), pipe().unwrap(), pipe().unwrap());
        let sources = [
            ("bytes", first.as_fd()),
            ("nothing", second.as_fd()),
            ("end", third.as_fd()),
        ];
        write(&to_first, b"x").unwrap();
        let until = Until::in_any_case(NEVER);
        assert_eq!(wait(&sources, until).unwrap(), Some(vec!["bytes"]));
        drop(to_third);
        assert_eq!(wait(&sources, until).unwrap(), Some(vec!["bytes", "end"]));
    }

    #[test]
    fn a_deadline_ends_a_wait_for_nothing_and_is_not_hidden_by_what_is_always_ready() {
        let (readable, writable) = pipe().unwrap();
        let sources = [((), readable.as_fd())];
        let started = Instant::now();
        let until = Until::in_any_case(Duration::from_millis(20));
        assert_eq!(wait(&sources, until).unwrap(), None);
        assert!(started.elapsed() >= Duration::from_millis(20));
        write(&writable, b"x").unwrap();
        assert_eq!(wait(&sources, until).unwrap(), None);
    }

    #[test]
    fn a_time_that_no_clock_can_show_is_no_deadline() {
        let (readable, writable) = pipe().unwrap();
        write(&writable, b"x").unwrap();
        let ready = wait(&[((), readable.as_fd())], Until::in_any_case(Duration::MAX));
        assert_eq!(ready.unwrap(), Some(vec![()]));
    }

    #[test]
    fn an_interrupt_ends_a_wait_that_obeys_it_and_no_other() {
        let interrupt = Interrupt::new().unwrap();
        let (readable, writable) = pipe().unwrap();
        let sources = [((), readable.as_fd())];
        let obeys = Until::given(None, Some(&interrupt));
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| wait(&sources, obeys));
            interrupt.trigger(130);
            let error = waits.join().unwrap().unwrap_err();
            assert!(error.is::<Interrupted>(), "{error:#}");
        });
        // It comes before what is ready, and stays.
        write(&writable, b"x").unwrap();
        assert!(wait(&sources, obeys).is_err());
        let deaf = Until::given(None, None);
        assert_eq!(wait(&sources, deaf).unwrap(), Some(vec![()]));
    }

    #[test]
    fn the_end_of_a_process_is_told_though_its_output_stays_open() {
        let (readable, _writable) = pipe().unwrap();
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let ended = pidfd(&child).unwrap();
        let sources = [("output", readable.as_fd()), ("end", ended.as_fd())];
        let soon = Until::in_any_case(Duration::from_millis(20));
        assert_eq!(wait(&sources, soon).unwrap(), None);
        drop(child.stdin.take());
        let until = Until::in_any_case(NEVER);
        assert_eq!(wait(&sources, until).unwrap(), Some(vec!["end"]));
        child.wait().unwrap();
    }

    #[test]
    fn a_signal_handler_that_returns_does_not_end_a_wait() {
        use nix::sys::pthread::{pthread_kill, pthread_self};
        use nix::sys::signal::Signal;
        // The signal's default is to be ignored; with a handler poll(2) ends with EINTR.
        let seen = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(signal_hook::consts::SIGWINCH, Arc::clone(&seen)).unwrap();
        let (readable, writable) = pipe().unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        let waits = std::thread::spawn(move || {
            tell.send((pthread_self(), nix::unistd::gettid())).unwrap();
            wait(&[((), readable.as_fd())], Until::in_any_case(NEVER))
        });
        let (thread, number) = told.recv().unwrap();
        let stat = format!("/proc/self/task/{number}/stat");
        let sleeps = || {
            while !std::fs::read_to_string(&stat).unwrap().contains(") S ") {
                std::thread::yield_now();
            }
        };
        sleeps();
        pthread_kill(thread, Signal::SIGWINCH).unwrap();
        while !seen.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        // It sleeps again: the handler did not end the wait.
        sleeps();
        write(&writable, b"x").unwrap();
        assert_eq!(waits.join().unwrap().unwrap(), Some(vec![()]));
    }
}
