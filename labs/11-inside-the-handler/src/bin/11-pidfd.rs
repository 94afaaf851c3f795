//! `11-pidfd`: a process ends, and another one gets its PID. Who is hit by a late signal?
//!
//! It chooses the next PID, which takes a PID namespace of its own:
//! `unshare --user --map-root-user --pid --fork --mount-proc 11-pidfd`.

use std::error::Error;
use std::fs;
use std::process::{self, Child, Command};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};

// ANCHOR: pidfd
fn main() -> Result<(), Box<dyn Error>> {
    if process::id() != 1 {
        return Err("not safe, not alone: run me by unshare, as PID 1".into());
    }
    let mut worker = start()?;
    let pid = Pid::from_child(&worker);
    let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
    println!("the worker has PID {pid}");

    pidfd_send_signal(&pidfd, Signal::TERM)?;
    poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], None)?; // readable: it ended
    println!("the worker: {}", worker.wait()?);

    let last = pid.as_raw_pid() - 1; // the kernel counts on from here
    fs::write("/proc/sys/kernel/ns_last_pid", last.to_string())?;
    let mut stranger = start()?;
    println!("a stranger has PID {}", stranger.id());

    report("by pidfd", pidfd_send_signal(&pidfd, Signal::TERM));
    report("by PID", kill_process(pid, Signal::TERM));
    println!("the stranger: {}", stranger.wait()?);
    Ok(())
}
// ANCHOR_END: pidfd

fn report(way: &str, sent: rustix::io::Result<()>) {
    match sent {
        Ok(()) => println!("SIGTERM to the worker {way}: sent"),
        Err(error) => println!("SIGTERM to the worker {way}: {error}"),
    }
}

fn start() -> std::io::Result<Child> {
    Command::new("sleep").arg("60").spawn()
}
