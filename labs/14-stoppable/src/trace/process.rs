//! One process as /proc shows it.

use std::fs;

use serde::{Deserialize, Serialize};

use super::set::{Set, Sig};
use super::status;

/// A process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// In the container's PID namespace.
    pub pid: i32,
    /// Its parent.
    pub parent: i32,
    /// The name of its program.
    pub name: String,
    /// The last part of the path of what it executes; empty where that may not be seen.
    pub program: String,
    /// argv.
    pub command: Vec<String>,
    /// R, S, D, T, Z ...
    pub state: char,
    /// How many threads.
    pub threads: usize,
    /// Blocked by every thread: nobody takes it as a handler would.
    pub blocked: Set,
    /// SIG_IGN.
    pub ignored: Set,
    /// With a handler.
    pub caught: Set,
    /// Pending for the process or one of its threads.
    pub pending: Set,
    /// What it waits for in a signalfd, as far as can be seen.
    pub fetched: Set,
    /// The pipe that it reads as standard input, by its inode.
    pub reads: Option<u64>,
    /// Bytes that lie unread in that pipe.
    pub unread: usize,
    /// The pipes that it writes to as standard output or error.
    pub writes: Vec<u64>,
}

impl Process {
    /// Has it ended, and nobody has waited for it?
    pub fn zombie(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }

    /// Does it hear `signal` at all: a handler, or somebody who fetches it?
    pub fn hears(&self, signal: Sig) -> bool {
        self.caught.has(signal) && !self.blocked.has(signal) || self.fetched.has(signal)
    }
}

/// Everything in /proc but the threads of this process.
pub fn pids() -> Vec<i32> {
    let own = std::process::id().cast_signed();
    let Ok(folder) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let mut pids: Vec<i32> = folder
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| *pid != own)
        .collect();
    pids.sort_unstable();
    pids
}

/// The threads of a process.
pub fn threads(pid: i32) -> Vec<i32> {
    let Ok(folder) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    folder
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}

/// The last part of /proc/PID/exe.
fn program(pid: i32) -> String {
    let path = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    name.trim_end_matches(" (deleted)").to_owned()
}

/// argv of a process; empty for a zombie.
pub fn command(pid: i32) -> Vec<String> {
    let text = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let text = text.strip_suffix(b"\0").unwrap_or(&text);
    match text.is_empty() {
        true => Vec::new(),
        false => text
            .split(|byte| *byte == 0)
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect(),
    }
}

/// Reads one process; `None` when it is gone.
pub fn read(pid: i32) -> Option<Process> {
    let own = status::read(pid)?;
    let threads = threads(pid);
    let each = || threads.iter().filter_map(|thread| status::read(*thread));
    let blocked = each().fold(u64::MAX, |set, thread| set & thread.blocked.0);
    let pending = each().fold(own.pending, |set, thread| set.with(thread.pending));
    let reads = pipe(pid, 0);
    Some(Process {
        pid,
        parent: own.parent,
        name: own.name,
        program: program(pid),
        command: command(pid),
        state: own.state,
        threads: threads.len(),
        blocked: if threads.is_empty() {
            own.blocked
        } else {
            Set(blocked)
        },
        ignored: own.ignored,
        caught: own.caught,
        pending,
        fetched: signalfds(pid)
            .into_iter()
            .fold(Set::default(), |set, (_, mask)| set.with(mask)),
        reads,
        unread: reads.map_or(0, |_| unread(pid)),
        writes: [1, 2].into_iter().filter_map(|fd| pipe(pid, fd)).collect(),
    })
}

/// All processes, but for us and our own children.
pub fn all() -> Vec<Process> {
    let own = std::process::id().cast_signed();
    let processes = pids().into_iter().filter_map(read);
    processes.filter(|process| process.parent != own).collect()
}

/// The inode of the pipe behind a descriptor.
fn pipe(pid: i32, fd: i32) -> Option<u64> {
    let link = fs::read_link(format!("/proc/{pid}/fd/{fd}")).ok()?;
    link.to_str()?
        .strip_prefix("pipe:[")?
        .strip_suffix(']')?
        .parse()
        .ok()
}

/// How much lies unread in the pipe that is its standard input. Opening /proc/PID/fd/0 gives the same pipe, without
/// waiting for a writer, as O_NONBLOCK is set (fifo(7)).
fn unread(pid: i32) -> usize {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = nix::libc::O_NONBLOCK | nix::libc::O_CLOEXEC;
    let file = fs::OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(format!("/proc/{pid}/fd/0"));
    file.map_or(0, |file| super::sys::waiting_bytes(&file))
}

/// The signalfds of a process: descriptor, and the signals that it takes (proc_pid_fdinfo(5)).
pub fn signalfds(pid: i32) -> Vec<(i32, Set)> {
    let Ok(folder) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in folder.flatten() {
        let is = fs::read_link(entry.path())
            .is_ok_and(|link| link.as_os_str() == "anon_inode:[signalfd]");
        let fd: Option<i32> = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        let (true, Some(fd)) = (is, fd) else { continue };
        let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}")).unwrap_or_default();
        let mask = info.lines().find_map(|line| line.strip_prefix("sigmask:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        found.extend(mask.map(|mask| (fd, Set(mask))));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_read_with_its_pipe() {
        let mut child = std::process::Command::new("sleep")
            .arg("1000")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"12345").unwrap();
        let process = read(child.id().cast_signed()).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(process.parent, std::process::id().cast_signed());
        assert_eq!(process.unread, 5);
        assert!(process.reads.is_some());
        assert!(!process.zombie() && !process.hears(Sig::TERM));
    }
}
