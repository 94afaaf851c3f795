//! `10-pdeath process|thread|user`: "send me SIGTERM when my parent dies", and its small print.

use std::env;
use std::error::Error;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::thread;

use nix::sys::prctl::{get_pdeathsig, set_pdeathsig};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{Uid, setuid};

fn main() -> Result<(), Box<dyn Error>> {
    match env::args().nth(1).as_deref() {
        Some("process") => process(),
        Some("thread") => thread(),
        Some("user") => user(),
        Some("child") => child(),
        _ => Err("usage: 10-pdeath process|thread|user".into()),
    }
}

// ANCHOR: start
/// Starts this program's `child`, which is to get SIGTERM when its parent dies.
#[allow(unsafe_code)]
fn start() -> io::Result<Child> {
    // A mask is inherited, too: if we die before the child waits for
    // SIGTERM, it stays pending there.
    SigSet::from(Signal::SIGTERM).thread_block()?;
    let mut command = Command::new(env::current_exe()?);
    command.arg("child");
    // SAFETY: between fork and exec, the closure makes one system call.
    unsafe { command.pre_exec(|| Ok(set_pdeathsig(Signal::SIGTERM)?)) };
    command.spawn()
}

fn child() -> Result<(), Box<dyn Error>> {
    let signal = SigSet::from(Signal::SIGTERM).wait()?;
    println!("child: {signal}, my parent has died");
    Ok(())
}
// ANCHOR_END: start

/// The parent dies.
fn process() -> Result<(), Box<dyn Error>> {
    start()?;
    println!("parent: I end here");
    Ok(())
}

// ANCHOR: thread
/// The parent lives, but a thread of it ends: the one that started the child.
fn thread() -> Result<(), Box<dyn Error>> {
    let starter = thread::spawn(start);
    let mut child = starter.join().expect("start does not panic")?;
    child.wait()?;
    println!("parent: I am alive, and my child has ended");
    Ok(())
}
// ANCHOR_END: thread

// ANCHOR: user
/// The process becomes another user.
fn user() -> Result<(), Box<dyn Error>> {
    set_pdeathsig(Signal::SIGTERM)?;
    println!("as root: {:?}", get_pdeathsig()?);
    setuid(Uid::from_raw(1000))?;
    println!("as user 1000: {:?}", get_pdeathsig()?);
    Ok(())
}
// ANCHOR_END: user
