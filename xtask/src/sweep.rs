//! Finds and ends the processes that a session left, by a mark in their environment.
//!
//! A job may have left its process group and its session (`setsid`), or outlived a runner that was killed.
//! What it cannot shed is the environment it was started with (`/proc/PID/environ`, proc(5)).

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The variable that marks a session's processes.
pub const MARK: &str = "TRAPPING_SIGNALS_SESSION";

/// Kills every process that was started with `MARK=value`, until none is left.
///
/// Only the holder of the session's lock calls this, so whatever bears the mark is its own or an orphan.
pub fn sweep(value: &str) {
    let mark = format!("{MARK}={value}");
    // A process may fork while we look: look again until a look finds nobody.
    for _ in 0..100 {
        let found: Vec<Pid> = processes().filter(|pid| is_marked(*pid, &mark)).collect();
        if found.is_empty() {
            break;
        }
        for pid in found {
            // Gone already is as good as killed.
            let _ = kill(pid, Signal::SIGKILL);
        }
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
