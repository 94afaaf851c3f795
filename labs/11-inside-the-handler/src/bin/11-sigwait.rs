//! sigwait: no handler either. The signals are blocked in all threads, and one thread waits for them.

use std::error::Error;
use std::sync::mpsc;
use std::thread;

use nix::sys::signal::{SigSet, Signal};

// ANCHOR: way
fn main() -> Result<(), Box<dyn Error>> {
    let mask = SigSet::from_iter([Signal::SIGHUP, Signal::SIGTERM]);
    mask.thread_block()?; // before the first thread: each inherits this mask
    let (sender, signals) = mpsc::channel();
    thread::spawn(
        move || {
            while mask.wait().is_ok_and(|it| sender.send(it).is_ok()) {}
        },
    );
    println!("ready");

    for signal in signals {
        match signal {
            Signal::SIGHUP => println!("reload"),
            _ => break,
        }
    }
    println!("stop");
    Ok(())
}
// ANCHOR_END: way
