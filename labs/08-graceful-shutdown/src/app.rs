//! What the parts of the server share: its stages, its tasks, its data.

use std::env;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

// ANCHOR: app
/// A handle to it: a clone is the same server.
#[derive(Clone)]
pub struct App {
    /// Stage 1 of a stop: `/ready` says no, every answer closes its connection.
    pub not_ready: CancellationToken,
    /// Stage 2: no new connections; idle ones are closed.
    pub closing: CancellationToken,
    /// One task a connection, and the one that accepts them.
    pub connections: TaskTracker,
    /// Stage 3: nothing will be asked of the background jobs any more.
    pub idle: CancellationToken,
    /// The background jobs.
    pub jobs: TaskTracker,
    /// The data that a background job saves now and then.
    pub hits: Arc<AtomicU64>,
    /// How long stage 1 lasts: the time that a load balancer needs to look away.
    pub unready: Duration,
    /// How long requests in flight may take in stage 2.
    pub drain: Duration,
    /// How long the last save may take in stage 3.
    pub save: Duration,
}
// ANCHOR_END: app

impl App {
    /// `UNREADY`, `DRAIN` and `SAVE` are seconds.
    pub fn from_env() -> Result<App> {
        Ok(App {
            not_ready: CancellationToken::new(),
            closing: CancellationToken::new(),
            connections: TaskTracker::new(),
            idle: CancellationToken::new(),
            jobs: TaskTracker::new(),
            hits: Arc::default(),
            unready: seconds("UNREADY", 0)?,
            drain: seconds("DRAIN", 5)?,
            save: seconds("SAVE", 3)?,
        })
    }
}

fn seconds(name: &str, default: u64) -> Result<Duration> {
    let seconds = match env::var(name) {
        Ok(value) => value.parse().with_context(|| format!("{name}={value}"))?,
        Err(_) => default,
    };
    Ok(Duration::from_secs(seconds))
}
