//! Your turn: this server drains, and one client that hangs makes it end with 137.

use std::process::ExitCode;

use anyhow::Result;
use lab_08_graceful_shutdown::{App, Signals, accept, listener, save_hits};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let mut signals = Signals::new()?;
    let app = App::from_env()?;
    app.connections.spawn(accept(listener()?, app.clone()));
    tokio::spawn(save_hits(app.clone()));

    println!("{}: not ready", signals.next().await);
    // TODO: is it not ready? How long may this take? Who waits for the last save?
    // What does a second signal do? And how would the exit status tell?
    app.closing.cancel();
    app.connections.close();
    app.connections.wait().await;
    println!("drained");
    Ok(ExitCode::SUCCESS)
}
