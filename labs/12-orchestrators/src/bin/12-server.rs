//! A server as orchestrators like it: says when it is ready, survives a reload, says which signal stopped it, and
//! ends with the exit status it was given (0 if none).

use std::env;
use std::process::ExitCode;

use anyhow::Result;
use lab_12_orchestrators::Inbox;
use nix::sys::signal::Signal::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

fn main() -> Result<ExitCode> {
    let status = env::args().nth(1).map_or(Ok(0), |status| status.parse())?;

    let mut inbox = Inbox::open([SIGHUP, SIGINT, SIGQUIT, SIGTERM])?;
    println!("ready");
    loop {
        match inbox.read()? {
            (SIGHUP, _) => println!("reloaded"),
            (signal, _) => {
                println!("stopped by {signal}");
                return Ok(ExitCode::from(status));
            }
        }
    }
}
