//! A small init: starts one command, forwards signals to it, reaps every orphan, and ends as it ended.
//!
//! Command line, environment and exit statuses are those of dumb-init 1.2.5, and then some: see
//! `options.rs`. How to read it: this file is the story, `supervisor.rs` the decisions.

mod child;
mod memory;
mod options;
mod signals;
mod supervisor;

use std::env;
use std::fmt::Arguments;
use std::io::{self, Write};
use std::process::ExitCode;

use nix::sys::prctl;
use nix::unistd::{self, ForkResult};

use crate::options::{Options, Request};
use crate::signals::Signals;
use crate::supervisor::Supervisor;

fn main() -> ExitCode {
    match options::from_env() {
        Ok(Request::Run(options)) => match run(&options) {
            Ok(code) => ExitCode::from(code),
            Err(error) => fail(format_args!("{}", error.desc())),
        },
        Ok(Request::Print(text)) => {
            print(format_args!("{text}"));
            ExitCode::SUCCESS
        }
        Err(error) => fail(format_args!("{error} (see --help)")),
    }
}

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
    // SAFETY: this process has one thread, so its child may do whatever it could do itself.
    #[allow(unsafe_code)]
    match unsafe { unistd::fork() }? {
        ForkResult::Child => Ok(child::exec(options)),
        ForkResult::Parent { child } => {
            // Keep no file system busy that somebody wants to unmount.
            let _ = env::set_current_dir("/");
            memory::give_back();
            Supervisor::new(options, child).run(&signals)
        }
    }
}
// ANCHOR_END: run

fn fail(message: Arguments) -> ExitCode {
    say(message);
    ExitCode::FAILURE
}

/// Tells the user something.
fn say(message: Arguments) {
    print(format_args!("[init] {message}\n"));
}

/// `eprintln!` would panic if nobody reads stderr any more. An init has to survive that.
fn print(text: Arguments) {
    let _ = io::stderr().write_fmt(text);
}
