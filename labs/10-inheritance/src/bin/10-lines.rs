//! `10-lines println|handle|default`: prints numbers until nobody reads them any more.

use std::env;
use std::error::Error;
use std::io::{self, ErrorKind, Write};

use nix::sys::signal::{SigHandler, Signal, signal};

fn main() -> Result<(), Box<dyn Error>> {
    match env::args().nth(1).as_deref() {
        Some("println") => println_panics(),
        Some("handle") => handle()?,
        Some("default") => by_default()?,
        _ => return Err("usage: 10-lines println|handle|default".into()),
    }
    Ok(())
}

// ANCHOR: lines
fn println_panics() {
    for number in 1.. {
        println!("{number}");
    }
}

/// To have nobody to write to is the end of the work, and no error.
fn handle() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for number in 1.. {
        match writeln!(out, "{number}") {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
            result => result?,
        }
    }
    Ok(())
}

/// What a C program starts with.
#[allow(unsafe_code)]
fn by_default() -> io::Result<()> {
    // SAFETY: the default action is no code of ours.
    unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) }?;
    println_panics();
    Ok(())
}
// ANCHOR_END: lines
