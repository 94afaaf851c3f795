//! The same server, which stops where the signal finds it.

use std::process::ExitCode;

use anyhow::Result;
use lab_08_graceful_shutdown::{App, Signals, accept, listener, save_hits};

// ANCHOR: main
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let mut signals = Signals::new()?;
    let app = App::from_env()?;
    tokio::spawn(accept(listener()?, app.clone()));
    tokio::spawn(save_hits(app));

    println!("{}: good bye", signals.next().await);
    Ok(ExitCode::SUCCESS)
}
// ANCHOR_END: main
