//! A server that waits for its database first and installs its handlers afterwards.

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use lab_02_pid1::serve;
use nix::sys::signal::Signal::{SIGINT, SIGTERM};
use tokio::net::TcpStream;
use tokio::select;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

// ANCHOR: main
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let database = env::var("DATABASE").context("DATABASE")?;
    println!("waiting for {database}");
    while TcpStream::connect(&database).await.is_err() {
        sleep(Duration::from_millis(50)).await;
    }

    // Too late: a signal that came while the loop above ran is gone.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;

    let reason = serve(async {
        select! {
            _ = interrupt.recv() => SIGINT,
            _ = terminate.recv() => SIGTERM,
        }
    })
    .await?;

    println!("server stopped by {reason}");
    Ok(ExitCode::from(128 + reason as u8))
}
// ANCHOR_END: main
