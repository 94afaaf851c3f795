//! Who is there, as /proc tells it.

use std::fs;

use nix::libc::pid_t;
use nix::unistd::Pid;

/// One line of `/proc/PID/stat`, the beginning of it.
pub struct Process {
    /// Its number.
    pub pid: Pid,
    /// The name of its program, cut off after 15 bytes.
    pub name: String,
    /// `Z` for a zombie.
    pub state: char,
    /// Who started or adopted it.
    pub parent: Pid,
    /// Its process group.
    pub group: Pid,
}

/// Every process of this PID namespace.
pub fn all() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(find)
}

/// The process of this number, if there is one.
pub fn find(pid: pid_t) -> Option<Process> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    // `PID (NAME) STATE PARENT GROUP ...`, and a name may hold anything, even a parenthesis.
    let begin = stat.iter().position(|&byte| byte == b'(')?;
    let end = stat.iter().rposition(|&byte| byte == b')')?;
    let mut fields = str::from_utf8(&stat[end + 1..])
        .ok()?
        .split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let mut pids = fields
        .map_while(|field| field.parse().ok())
        .map(Pid::from_raw);
    Some(Process {
        pid: Pid::from_raw(pid),
        name: String::from_utf8_lossy(&stat[begin + 1..end]).into_owned(),
        state,
        parent: pids.next()?,
        group: pids.next()?,
    })
}

// ANCHOR: descendants
/// Every process below that one: its children, their children, and so on.
pub fn descendants(of: Pid) -> Vec<Process> {
    let mut others: Vec<Process> = all().collect();
    let mut found = Vec::new();
    let mut parents = vec![of];
    while let Some(parent) = parents.pop() {
        for child in others.extract_if(.., |process| process.parent == parent) {
            parents.push(child.pid);
            found.push(child);
        }
    }
    found
}
// ANCHOR_END: descendants
