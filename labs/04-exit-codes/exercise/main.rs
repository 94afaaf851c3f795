//! A batch worker: does the jobs named on its command line, one after the other. On SIGTERM it
//! finishes the job in hand and stops; after `DRAIN_MS` milliseconds it gives that job up.
//!
//! The log is honest. The exit code is not: make it so. You may change everything but `work`.

use std::env::{args, var};
use std::error::Error;
use std::future::pending;
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::{select, spawn, time::timeout};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(failed) => ExitCode::from(failed as u8),
        Err(error) => {
            eprintln!("worker: {error}");
            ExitCode::SUCCESS
        }
    }
}

/// Does the jobs and returns how many failed.
async fn run() -> Result<usize, Box<dyn Error>> {
    let drain = Duration::from_millis(var("DRAIN_MS").map_or(Ok(8000), |ms| ms.parse())?);
    let mut terminate = signal(SignalKind::terminate())?;
    let (stop, stopped) = watch::channel(false);
    let mut worker = spawn(work(args().skip(1).collect(), stopped));
    println!("working");

    let tally = select! {
        tally = &mut worker => tally?,
        _ = terminate.recv() => {
            stop.send_replace(true);
            timeout(drain, worker).await??
        }
    };
    eprintln!("worker: {} failed, {} not begun", tally.failed, tally.left);
    Ok(tally.failed)
}

/// What became of the jobs.
struct Tally {
    failed: usize,
    left: usize,
}

/// Does the jobs, until there are none or a stop is asked for.
async fn work(jobs: Vec<String>, mut stop: watch::Receiver<bool>) -> Tally {
    let mut tally = Tally {
        failed: 0,
        left: jobs.len(),
    };
    for job in jobs {
        if *stop.borrow() {
            break;
        }
        tally.left -= 1;
        match job.as_str() {
            "ok" => {}
            "bug" => panic!("a job has a bug"),
            "slow" => drop(stop.wait_for(|stop| *stop).await), // half done when the stop comes
            "stuck" => pending().await,
            _ => tally.failed += 1,
        }
    }
    tally
}
