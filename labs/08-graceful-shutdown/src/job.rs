//! A background job, as many servers have one: it saves what was counted, and once more at the end.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::time::{interval, sleep};

use crate::App;

/// What a save costs: it stands for the disk.
const SAVE: Duration = Duration::from_millis(100);

// ANCHOR: job
/// Saves every minute. The token interrupts the waiting for
/// the next save, never a save.
pub async fn save_hits(app: App) {
    let mut minute = interval(Duration::from_secs(60));
    let idle = &app.idle;
    while idle.run_until_cancelled(minute.tick()).await.is_some() {
        save(&app).await;
    }
    println!("saved: {}", save(&app).await);
}
// ANCHOR_END: job

async fn save(app: &App) -> u64 {
    let hits = app.hits.load(Relaxed);
    sleep(SAVE).await;
    hits
}
