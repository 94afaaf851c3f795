//! Wrong: it says what the chapter shows: nobody saves anything.

use std::process::ExitCode;

use anyhow::Result;
use lab_08_graceful_shutdown::{App, Signals, accept, listener};
use tokio::select;
use tokio::time::{sleep, timeout};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let mut signals = Signals::new()?; // before everything else: chapter 2
    let app = App::from_env()?;
    app.connections.spawn(accept(listener()?, app.clone()));

    println!("{}: not ready", signals.next().await);
    select! {
        code = stop(&app) => Ok(code),
        again = signals.next() => {
            println!("{again} again: forced");
            Ok(ExitCode::from(128 + again as u8))
        }
    }
}

/// The longest it can take is `unready + drain + save`. That must be less than the grace period.
async fn stop(app: &App) -> ExitCode {
    app.not_ready.cancel();
    sleep(app.unready).await;

    app.closing.cancel();
    app.connections.close();
    let drained = timeout(app.drain, app.connections.wait()).await.is_ok();
    if !drained {
        println!("gave up: {} connection(s)", app.connections.len());
    }

    println!("saved: 0");
    if drained {
        println!("drained");
        ExitCode::SUCCESS
    } else {
        ExitCode::from(124) // as timeout(1) does
    }
}
