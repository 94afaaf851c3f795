//! A small init: starts one command, forwards signals to it, reaps every orphan, and ends as the
//! command ended.
//!
//! It has dumb-init 1.2.5's command line, environment and exit codes, and more: see `options.rs`.
//! This file is the story, `supervisor.rs` the decisions.

#![no_main]

mod child;
mod memory;
mod options;
mod signals;
mod supervisor;

use std::env;
use std::ffi::{CStr, OsStr, c_char, c_int};
use std::fmt::Arguments;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;

use nix::sys::prctl;
use nix::unistd::{self, ForkResult};

use crate::options::{Options, Request};
use crate::signals::Signals;
use crate::supervisor::Supervisor;

// ANCHOR: main
/// Without `no_main`, Rust's runtime would go first. It prepares for threads and for overflows of
/// their stacks. That is a third of our start, and an init with one thread has no use for it.
// SAFETY: this is the program's only `main`, and has the type that C gives it.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
extern "C" fn main(count: c_int, words: *const *const c_char) -> c_int {
    // SAFETY: C passes so many words, each with a NUL byte at its end, and leaves them in place.
    let words = (0..count as usize).map(|index| unsafe { CStr::from_ptr(*words.add(index)) });
    match options::parse(words.map(|word| OsStr::from_bytes(word.to_bytes()))) {
        Ok(Request::Run(options)) => match run(&options) {
            Ok(code) => code.into(),
            Err(error) => fail(format_args!("{}", error.desc())),
        },
        Ok(Request::Print(text)) => {
            print(format_args!("{text}"));
            0
        }
        Err(error) => fail(format_args!("{error} (see --help)")),
    }
}
// ANCHOR_END: main

// ANCHOR: run
fn run(options: &Options) -> nix::Result<u8> {
    // First of all: from here on a signal waits until somebody reads it.
    let signals = Signals::block()?;
    if options.subreaper {
        prctl::set_child_subreaper(true)?;
    }
    if options.session {
        child::leave_terminal(options);
    }
    // SAFETY: this process has one thread, so its child
    // may do whatever it could do.
    #[allow(unsafe_code)]
    match unsafe { unistd::fork() }? {
        ForkResult::Child => Ok(child::exec(options)),
        ForkResult::Parent { child } => {
            // Keep no file system busy that somebody wants to unmount.
            let _ = env::set_current_dir("/");
            Supervisor::new(options, child).run(&signals)
        }
    }
}
// ANCHOR_END: run

fn fail(message: Arguments) -> c_int {
    say(message);
    1
}

/// Tells the user something.
fn say(message: Arguments) {
    print(format_args!("[init] {message}\n"));
}

/// `eprintln!` would panic if nobody reads stderr any more. An init has to survive that.
fn print(text: Arguments) {
    let _ = io::stderr().write_fmt(text);
}
