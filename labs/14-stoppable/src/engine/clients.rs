//! The engine's programs that we have started: they live on when we are killed.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::names;

/// In the environment of every command of an engine: the run that started it.
pub const MARK: &str = "STOPPABLE_RUN";

/// A pidfd for each whose run has not lived to see its end. Those of other users are not seen (proc_pid_environ(5)).
pub fn orphans() -> Vec<OwnedFd> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: i32| {
        let pidfd = pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()?;
        // Read after the pidfd was opened: it is this process's environment, or that of one that has ended.
        let environment = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
        orphan(&environment).then_some(pidfd)
    })
    .collect()
}

/// Waits until one of them has ended; `false` if `bound` is over before.
pub fn one_ended(orphans: &[OwnedFd], bound: Duration) -> bool {
    let mut ends: Vec<PollFd> = orphans
        .iter()
        .map(|orphan| PollFd::new(orphan.as_fd(), PollFlags::POLLIN))
        .collect();
    let bound = PollTimeout::try_from(bound).unwrap_or(PollTimeout::MAX);
    // An error is a signal for us: whoever asked looks again.
    poll(&mut ends, bound) != Ok(0)
}

/// Is that the environment of a command whose run is dead?
fn orphan(environment: &[u8]) -> bool {
    let mut variables = environment.split(|byte| *byte == 0);
    let run = variables.find_map(|variable| {
        let (name, value) = std::str::from_utf8(variable).ok()?.split_once('=')?;
        (name == MARK).then_some(value)
    });
    run.is_some_and(names::dead)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    fn child(run: &str) -> std::process::Child {
        let mut command = Command::new("cat");
        command.env(MARK, run).stdin(Stdio::piped());
        command.spawn().unwrap()
    }

    /// One test, as every process of the machine is looked at.
    #[test]
    fn the_end_of_an_orphan_is_waited_for_and_nobody_elses() {
        let (mut ours, mut old) = (child(&names::run()), child("4194305-1"));
        let found = orphans();
        assert_eq!(found.len(), 1, "no pid is so high, and we live");
        assert!(!one_ended(&found, Duration::from_millis(50)), "it reads");
        drop(old.stdin.take()); // its end
        assert!(one_ended(&found, Duration::from_secs(60)));
        old.wait().unwrap();
        assert!(orphans().is_empty());
        drop(ours.stdin.take());
        ours.wait().unwrap();
    }
}
