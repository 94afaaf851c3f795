//! tokio::signal: a self-pipe whose other end is a future.

use std::io;

use tokio::select;
use tokio::signal::unix::{SignalKind, signal};

// ANCHOR: way
#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    println!("ready");

    loop {
        select! {
            _ = hangup.recv() => println!("reload"),
            _ = terminate.recv() => break,
        }
    }
    println!("stop");
    Ok(())
}
// ANCHOR_END: way
