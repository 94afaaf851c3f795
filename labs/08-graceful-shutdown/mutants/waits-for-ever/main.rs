//! Wrong: it knows all stages, and the second has no deadline.

use std::process::ExitCode;

use anyhow::Result;
use lab_08_graceful_shutdown::{App, Signals, accept, listener, save_hits};
use tokio::select;
use tokio::time::{sleep, timeout};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let mut signals = Signals::new()?; // before everything else: chapter 2
    let app = App::from_env()?;
    app.connections.spawn(accept(listener()?, app.clone()));
    app.jobs.spawn(save_hits(app.clone()));

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
    app.connections.wait().await;
    let drained = true;

    // After the connections, and even if they hang: the jobs serve them.
    app.idle.cancel();
    app.jobs.close();
    let saved = timeout(app.save, app.jobs.wait()).await.is_ok();

    if drained && saved {
        println!("drained");
        ExitCode::SUCCESS
    } else {
        ExitCode::from(124) // as timeout(1) does
    }
}
