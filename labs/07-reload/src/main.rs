//! A server that reloads its configuration, reopens its log and changes its log level while it serves.
//!
//! `07-reload CONFIG LOG`: every connection is told the greeting. One thread serves; this one waits for signals.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use anyhow::{Context, Result};
use lab_07_reload::config::{Config, Current, reload};
use lab_07_reload::log::Log;
use signal_hook::consts::{SIGHUP, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::Signals;

fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let path = arguments.next().context("usage: 07-reload CONFIG LOG")?;
    let log_path = arguments.next().context("usage: 07-reload CONFIG LOG")?;

    // The handlers first: SIGHUP's default action would end us (or, as PID 1, nothing would happen at all).
    let mut signals = Signals::new([SIGHUP, SIGUSR1, SIGUSR2, SIGTERM])?;
    // At the start a broken file is fatal: there is no older configuration to keep.
    let current: &Current = Box::leak(Box::new(Current::new(Config::read(&path)?)));
    let log: &Log = Box::leak(Box::new(Log::open(log_path)?));

    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 3000))?;
    println!("listening on {}", listener.local_addr()?);
    thread::spawn(move || serve(&listener, current, log));

    // ANCHOR: signals
    for signal in signals.forever() {
        match signal {
            SIGHUP => println!("{}", reload(&path, current)),
            SIGUSR1 => match log.reopen() {
                Ok(()) => println!("log reopened"),
                Err(error) => println!("log not reopened: {error}"),
            },
            SIGUSR2 => println!("log level {}", log.toggle()),
            // SIGTERM. How to finish what has been begun is chapter 8's.
            _ => break,
        }
    }
    // ANCHOR_END: signals
    Ok(ExitCode::from(143))
}

fn serve(listener: &TcpListener, current: &Current, log: &Log) {
    for (number, client) in (1u64..).zip(listener.incoming()) {
        // This request's configuration, whatever is reloaded meanwhile.
        let config = current.get();
        // Logged before it is answered: whoever has the answer finds the line.
        let done = log
            .debug(&format!("request {number} begins"))
            .and_then(|()| log.line(&format!("request {number} {}", config.greeting)))
            .and_then(|()| writeln!(client?, "{}", config.greeting));
        if let Err(error) = done {
            eprintln!("request {number}: {error}");
        }
    }
}
