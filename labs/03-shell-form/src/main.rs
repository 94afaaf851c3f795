//! `app [PORT]`: a server that can be stopped. It says who it is, listens, and waits for SIGTERM;
//! then it drains and ends with 0.
//!
//! It logs to stderr, so that a redirection or a pipe on its stdout does not hide what it saw.

use std::env;
use std::error::Error;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{self, ExitCode};

use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("app: {error}");
            ExitCode::FAILURE
        }
    }
}

// ANCHOR: run
fn run() -> Result<(), Box<dyn Error>> {
    let pid = process::id();
    let pid1 = command_line_of_pid1()?;
    eprintln!("app: I am PID {pid}; PID 1 is {pid1:?}");

    // The handler first, the word "listening" after it: who reads that
    // word may send the signal.
    let mut signals = Signals::new([SIGTERM])?;
    let port = port()?;
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?;
    eprintln!("app: listening on port {port}");

    signals.forever().next();
    eprintln!("app: got SIGTERM");
    // A real server finishes its open requests here.
    drop(listener);
    eprintln!("app: drained");
    Ok(())
}
// ANCHOR_END: run

/// What the kernel keeps: the arguments of PID 1, each ended by a NUL byte.
fn command_line_of_pid1() -> Result<Vec<String>, Box<dyn Error>> {
    let bytes = fs::read_to_string("/proc/1/cmdline")?;
    Ok(bytes.split_terminator('\0').map(String::from).collect())
}

/// The first argument, or 8080. Like many programs, this one refuses what it does not understand.
fn port() -> Result<u16, String> {
    match env::args().nth(1) {
        None => Ok(8080),
        Some(arg) => arg.parse().map_err(|_| format!("not a port: {arg:?}")),
    }
}
