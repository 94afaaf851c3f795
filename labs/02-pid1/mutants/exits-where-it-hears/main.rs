//! Wrong: it exits in the future that waits for the signal: `serve` never gets to drain.

#![allow(clippy::disallowed_methods)]

use std::process::ExitCode;

use anyhow::Result;
use lab_02_pid1::serve;
use nix::sys::signal::Signal::{SIGINT, SIGTERM};
use tokio::select;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    // tokio::signal::ctrl_c() is SignalKind::interrupt() alone, and installs nothing until it is polled.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;

    serve(async {
        let reason = select! {
            _ = interrupt.recv() => SIGINT,
            _ = terminate.recv() => SIGTERM,
        };
        println!("server stopped by {reason}");
        std::process::exit(128 + reason as i32)
    })
    .await
}
