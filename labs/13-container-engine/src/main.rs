//! `pocket`: a container engine in as few readable lines as it takes.
//!
//! It speaks the part of Docker's command line that the book uses, with the same output and exit
//! codes, so its messages say `docker`. There is no daemon: whoever starts a container leaves a small
//! monitor beside it.
//!
//! Read in this order: [`pid1::namespaces`] makes the process, [`pid1::rootfs`] its file system, [`pid1::process`] turns
//! it into the container's program, [`monitor`] watches it, [`client`] is what you see.

mod build;
mod cli;
mod client;
mod commands;
mod error;
mod monitor;
mod output;
mod pid1;
mod pidfd;
mod signal;
mod store;
mod time;

use std::env::args_os;
use std::ffi::OsString;
use std::process::ExitCode;

use nix::sys::signal::{SigHandler, Signal, signal};

use crate::commands::version::VERSION;
use crate::commands::{COMMANDS, LACKING};
use crate::error::Result;
use crate::output::{print, warn};
use crate::pid1::{init, program};

#[allow(unsafe_code)]
fn main() -> ExitCode {
    let mut args: Vec<OsString> = args_os().collect();
    let name = if args.is_empty() {
        OsString::new()
    } else {
        args.remove(0)
    };
    if name.as_encoded_bytes() == program::INIT.to_bytes() {
        return ExitCode::from(init::run(args.into_iter()));
    }
    // Rust ignores SIGPIPE; a program that prints for a shell ends when nobody reads.
    // SAFETY: the default action installs no handler.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) };
    // What whoever called us left open is not for a monitor to hold: a pipe that never ends, because
    // a container runs somewhere. (`build -f <(...)` names such a file.)
    if args.first().is_none_or(|command| command != "build") {
        // SAFETY: nothing of ours is open yet but the three standard streams.
        unsafe { nix::libc::syscall(nix::libc::SYS_close_range, 3, u32::MAX, 0) };
    }
    match dispatch(args) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let text = error.to_string();
            if !text.is_empty() {
                warn(&format!("{text}\n"));
            }
            ExitCode::from(error.code())
        }
    }
}

fn dispatch(mut args: Vec<OsString>) -> Result<u8> {
    let word =
        |args: &[OsString], at: usize| args.get(at).map(|arg| arg.to_string_lossy().into_owned());
    let Some(mut name) = word(&args, 0) else {
        warn(&help());
        return Ok(0);
    };
    match name.as_str() {
        "--help" | "-h" | "help" => {
            print(&help());
            return Ok(0);
        }
        "--version" | "-v" => {
            print(&format!("pocket version {VERSION}\n"));
            return Ok(0);
        }
        "container" | "image" => {
            args.remove(0);
            let second = word(&args, 0).unwrap_or_default();
            name = match (name.as_str(), second.as_str()) {
                (_, "" | "--help" | "-h") => {
                    print(&help());
                    return Ok(0);
                }
                (_, "ls" | "list") if name == "container" => "ps".to_owned(),
                (_, "ls" | "list") => "images".to_owned(),
                ("image", "rm") => "rmi".to_owned(),
                _ => second,
            };
        }
        _ => {}
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        let (message, code) = unknown(&name);
        warn(&format!(
            "{message}\n\nRun 'docker --help' for more information\n"
        ));
        return Ok(code);
    };
    (command.run)(args.split_off(1.min(args.len())))
}

/// What is said of a command or a global flag that is not there, and the exit code.
fn unknown(name: &str) -> (String, u8) {
    let long = name.split('=').next().unwrap_or_default();
    if GLOBAL_FLAGS.contains(&long) || LACKING.contains(&name) {
        return (format!("docker: pocket does not have {long}"), 1);
    }
    if name.starts_with('-') {
        let usage = "Usage:  docker [OPTIONS] COMMAND [ARG...]";
        return (format!("unknown flag: {name}\n\n{usage}"), 125);
    }
    (format!("docker: unknown command: docker {name}"), 1)
}

/// Docker's global flags, none of which pocket has.
const GLOBAL_FLAGS: [&str; 14] = [
    "--config",
    "--context",
    "-c",
    "--debug",
    "-D",
    "--host",
    "-H",
    "--log-level",
    "-l",
    "--tls",
    "--tlscacert",
    "--tlscert",
    "--tlskey",
    "--tlsverify",
];

/// What `--help` prints.
fn help() -> String {
    let mut out = String::from(
        "Usage:  docker COMMAND [OPTIONS]\n\npocket: a container engine in one small program, without a daemon\n\nCommands:\n",
    );
    for command in &COMMANDS {
        out.push_str(&format!("  {:16}{}\n", command.name, command.about));
    }
    out.push_str("\nOptions:\n      --help      Print this\n  -v, --version   Print version information and quit\n\n");
    out.push_str("Run 'docker COMMAND --help' for more information on a command.\n");
    out
}
