//! Processes, as the tests see them.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The processes that belong to a container's monitor: they are called `pocket: NAME`.
pub fn monitors(name: &str) -> Vec<i32> {
    let comm = format!("pocket: {name}")
        .chars()
        .take(15)
        .collect::<String>();
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let found = entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let status = fs::read_to_string(entry.path().join("status")).ok()?;
        let alive = !status
            .lines()
            .any(|line| line.starts_with("State:") && line.contains('Z'));
        (alive && status.starts_with(&format!("Name:\t{comm}\n"))).then_some(pid)
    });
    found.collect()
}

pub fn gone(pid: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    !status.contains("State:") || status.contains("State:\tZ")
}

pub fn signal(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).expect("the process is there");
}
