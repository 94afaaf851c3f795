//! Wrong: sIGTERM took the place of SIGINT: Ctrl-C does nothing any more.

use std::process::ExitCode;

use anyhow::Result;
use lab_02_pid1::serve;
use nix::sys::signal::Signal::SIGTERM;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let mut terminate = signal(SignalKind::terminate())?;

    let reason = serve(async {
        terminate.recv().await;
        SIGTERM
    })
    .await?;

    println!("server stopped by {reason}");
    Ok(ExitCode::from(128 + reason as u8))
}
