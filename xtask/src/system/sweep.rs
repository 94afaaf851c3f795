//! Finds and ends the processes that a session left, by a mark in their environment.
//!
//! A job may have left its process group and its session (`setsid`), or outlived a runner that was killed.
//! What it cannot shed is the environment it was started with (`/proc/PID/environ`, proc(5)).

use std::fs;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::process::{Pid as Number, PidfdFlags, Signal as Ask, pidfd_open, pidfd_send_signal};

use crate::system::wait::{Until, wait};

/// The variable that marks a session's processes.
pub const MARK: &str = "TRAPPING_SIGNALS_SESSION";

/// Kills every process that was started with `MARK=value`, until none is left. Returns whether there was one.
///
/// Only the holder of the session's lock calls this, so whatever bears the mark is its own or an orphan.
pub fn sweep(value: &str) -> bool {
    let mark = format!("{MARK}={value}");
    // A process may fork while we look: look again until a look finds nobody.
    for look in 0..100 {
        let found: Vec<Pid> = processes().filter(|pid| is_marked(*pid, &mark)).collect();
        if found.is_empty() {
            return look > 0;
        }
        for pid in found {
            // Gone already is as good as killed.
            let _ = kill(pid, Signal::SIGKILL);
        }
    }
    true
}

/// Asks the processes of `program` that were started with `MARK=value` to end (SIGTERM), and waits for that, but
/// no longer than `patience`.
///
/// For an engine without a daemon: its client does the work itself, and must not be killed in the middle of it.
pub fn ask(value: &str, program: &str, patience: Duration) {
    let mark = format!("{MARK}={value}");
    let until = Until::in_any_case(patience);
    let ask = |pid: Pid| {
        // The descriptor stays with this process whoever gets the number next: look at who it is only now.
        let process = pidfd_open(Number::from_raw(pid.as_raw())?, PidfdFlags::empty()).ok()?;
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        let wanted = name.trim_end() == program && is_marked(pid, &mark);
        (wanted && pidfd_send_signal(&process, Ask::TERM).is_ok()).then_some(process)
    };
    let mut asked: Vec<OwnedFd> = processes().filter_map(ask).collect();
    while !asked.is_empty() {
        let watched: Vec<_> = asked
            .iter()
            .map(|process| (process.as_raw_fd(), process.as_fd()))
            .collect();
        let Ok(Some(ended)) = wait(&watched, until) else {
            return;
        };
        asked.retain(|process| !ended.contains(&process.as_raw_fd()));
    }
}

fn processes() -> impl Iterator<Item = Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Pid::from_raw))
}

/// A zombie's environment is empty, so it never counts: its parent will reap it.
fn is_marked(pid: Pid, mark: &str) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment
        .split(|byte| *byte == 0)
        .any(|entry| entry == mark.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};

    #[test]
    fn who_is_asked_may_finish() {
        let value = format!("ask-{}", std::process::id());
        let start = |script: &str| {
            Command::new("bash")
                .args(["-c", script])
                .env(MARK, &value)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        };
        let mut polite = start("trap 'exit 7' TERM; echo ready; while read -r; do :; done");
        std::io::Read::read_exact(polite.stdout.as_mut().unwrap(), &mut [0]).unwrap();
        ask(&value, "another", Duration::from_secs(60));
        assert!(polite.try_wait().unwrap().is_none(), "not asked, but gone");
        ask(&value, "bash", Duration::from_secs(60));
        assert_eq!(polite.wait().unwrap().code(), Some(7));

        let mut deaf = start("trap '' TERM; echo ready; while read -r; do :; done");
        std::io::Read::read_exact(deaf.stdout.as_mut().unwrap(), &mut [0]).unwrap();
        ask(&value, "bash", Duration::from_millis(20));
        assert!(deaf.try_wait().unwrap().is_none(), "asked, not killed");
        sweep(&value);
        assert_eq!(deaf.wait().unwrap().signal(), Some(9));
    }

    #[test]
    fn only_the_marked_are_ended() {
        let value = format!("test-{}", std::process::id());
        let start = |value: &str| {
            Command::new("cat")
                .env(MARK, value)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        };
        let (mut marked, mut other) = (start(&value), start("test-other"));
        sweep(&value);
        assert_eq!(marked.wait().unwrap().signal(), Some(9));
        assert!(other.try_wait().unwrap().is_none());
        drop(other.stdin.take());
        assert!(other.wait().unwrap().success());
    }
}
