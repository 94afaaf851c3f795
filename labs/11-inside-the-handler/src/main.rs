//! `11-inside-the-handler allocate|print|flag`: a worker with a handler for SIGTERM that allocates,
//! prints, or sets a flag.

use std::env;
use std::error::Error;
use std::hint::black_box;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use nix::sys::signal::SigSet;
use nix::unistd::write;
use signal_hook::consts::SIGTERM;
use signal_hook::low_level::register;

// ANCHOR: handlers
static STOP: AtomicBool = AtomicBool::new(false);

fn allocate() {
    // `io::stdout()` allocates when it is first called, which is where `main`
    // prints. From then on it only names 1.
    let _ = write(io::stdout(), b"handler: begins\n");
    black_box(Vec::<u8>::with_capacity(4096));
    let _ = write(io::stdout(), b"handler: has its memory\n");
    STOP.store(true, Relaxed);
}

fn print() {
    println!("handler: I print");
    STOP.store(true, Relaxed);
}

fn flag() {
    STOP.store(true, Relaxed);
}
// ANCHOR_END: handlers

// ANCHOR: worker
#[allow(unsafe_code)]
fn main() -> Result<(), Box<dyn Error>> {
    // With a single thread, glibc would not bother to lock its heap. The second one
    // does nothing, and blocks all signals: they come to main.
    SigSet::all().thread_block()?;
    thread::spawn(thread::park);
    SigSet::all().thread_unblock()?;

    let handler: fn() = match env::args().nth(1).as_deref() {
        Some("allocate") => allocate,
        Some("print") => print,
        Some("flag") => flag,
        _ => return Err("usage: 11-inside-the-handler allocate|print|flag".into()),
    };
    // SAFETY: two of them break the rules of signal-safety(7). That
    // is what this program shows.
    unsafe { register(SIGTERM, handler) }?;
    println!("working");

    let mut blocks = Vec::new();
    while !STOP.load(Relaxed) {
        blocks.push(Vec::<u8>::with_capacity(4096));
        if blocks.len() == 1000 {
            blocks.clear();
        }
    }
    println!("stopped");
    Ok(())
}
// ANCHOR_END: worker
