//! The same server on tokio: one task serves, and the main task selects between the signals.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use lab_07_reload::config::{Config, Current, reload};
use lab_07_reload::log::Log;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let path = arguments
        .next()
        .context("usage: 07-reload-tokio CONFIG LOG")?;
    let log_path = arguments
        .next()
        .context("usage: 07-reload-tokio CONFIG LOG")?;

    let mut hangup = signal(SignalKind::hangup())?;
    let mut user1 = signal(SignalKind::user_defined1())?;
    let mut user2 = signal(SignalKind::user_defined2())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let current = Arc::new(Current::new(Config::read(&path)?));
    let log = Arc::new(Log::open(log_path)?);

    let listener = TcpListener::bind("0.0.0.0:3000").await?;
    println!("listening on {}", listener.local_addr()?);
    tokio::spawn(serve(listener, Arc::clone(&current), Arc::clone(&log)));

    // ANCHOR: signals
    loop {
        tokio::select! {
            _ = hangup.recv() => println!("{}", reload(&path, &current)),
            _ = user1.recv() => match log.reopen() {
                Ok(()) => println!("log reopened"),
                Err(error) => println!("log not reopened: {error}"),
            },
            _ = user2.recv() => println!("log level {}", log.toggle()),
            _ = terminate.recv() => break,
        }
    }
    // ANCHOR_END: signals
    Ok(ExitCode::from(143))
}

async fn serve(listener: TcpListener, current: Arc<Current>, log: Arc<Log>) {
    for number in 1u64.. {
        let client = listener.accept().await;
        // Taken after the accept: the configuration of this request, not of the last reload but one.
        let config = current.get();
        // Logged before it is answered: whoever has the answer finds the line. (A line to a file on a local disk
        // hardly blocks; a slow log would want a task of its own.)
        let logged = log
            .debug(&format!("request {number} begins"))
            .and_then(|()| log.line(&format!("request {number} {}", config.greeting)));
        let answer = format!("{}\n", config.greeting);
        let done = match logged.and(client) {
            Ok((mut client, _)) => client.write_all(answer.as_bytes()).await,
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            eprintln!("request {number}: {error}");
        }
    }
}
