//! Wrong: the exit status is right, and the last line always names SIGINT.

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

    let reason = serve(async {
        select! {
            _ = interrupt.recv() => SIGINT,
            _ = terminate.recv() => SIGTERM,
        }
    })
    .await?;

    println!("server stopped by {SIGINT}");
    Ok(ExitCode::from(128 + reason as u8))
}
