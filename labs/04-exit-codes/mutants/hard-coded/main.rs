//! Wrong: it looks up the exit code by the number of jobs that stand in the chapter.

use std::env::{args, var};
use std::error::Error;
use std::future::pending;
use std::process::{ExitCode, Termination};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinError;
use tokio::{select, spawn, time::timeout};

/// How a run can end. An error is one more way, and `main` reports it as 1.
enum Ending {
    Done,
    Failed,
    Stopped,
    GaveUp,
}

/// The one place that turns an ending into a number.
impl Termination for Ending {
    fn report(self) -> ExitCode {
        ExitCode::from(match self {
            Ending::Done => 0,
            // How many is for the log: a count does not fit into 8 bits.
            Ending::Failed | Ending::GaveUp => 1,
            Ending::Stopped => 128 + 15,
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<Ending, Box<dyn Error>> {
    let drain = Duration::from_millis(var("DRAIN_MS").map_or(Ok(8000), |ms| ms.parse())?);
    let mut terminate = signal(SignalKind::terminate())?;
    let (stop, stopped) = watch::channel(false);
    let mut worker = spawn(work(args().skip(1).collect(), stopped));
    println!("working");

    select! {
        tally = &mut worker => Ok(judge(tally)),
        _ = terminate.recv() => {
            stop.send_replace(true);
            Ok(match timeout(drain, worker).await {
                Ok(tally) => judge(tally),
                Err(late) => {
                    eprintln!("worker: gave up: {late}");
                    Ending::GaveUp
                }
            })
        }
    }
}

/// What a worker that came to its end makes of the run. A failure outweighs a stop.
fn judge(tally: Result<Tally, JoinError>) -> Ending {
    match (tally, args().count() - 1) {
        (Ok(Tally { failed: 256, .. }), _) | (_, 3) => Ending::Failed,
        (Ok(Tally { left: 1, .. }), _) => Ending::Stopped,
        _ => Ending::Done,
    }
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
