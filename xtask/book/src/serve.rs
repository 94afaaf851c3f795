//! Serves the live book on the loopback interface; a change of a page or a lab rebuilds and reloads it.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use notify_debouncer_mini::new_debouncer;
use notify_debouncer_mini::notify::RecursiveMode;
use tokio::signal::unix::{SignalKind, signal};
use tower_livereload::LiveReloadLayer;

use crate::changes;
use crate::live::{self, Guard, Runs};

/// Serves until SIGINT or SIGTERM.
pub fn serve(root: &Path, runner: PathBuf, port: u16, open: bool) -> Result<()> {
    let mut seen = changes::fingerprint(root);
    let pages = crate::build(root)?;
    let live_reload = LiveReloadLayer::new();
    let reloader = live_reload.reloader();
    let book = root.to_path_buf();
    let mut watcher = new_debouncer(
        Duration::from_millis(200),
        move |_: notify_debouncer_mini::DebounceEventResult| {
            let now = changes::fingerprint(&book);
            if std::mem::replace(&mut seen, now) == now {
                return;
            }
            match crate::build(&book) {
                Ok(_) => reloader.reload(),
                Err(error) => anstream::eprintln!("{error:#}"),
            }
        },
    )?;
    for folder in changes::sources(root) {
        let watched = watcher.watcher().watch(&folder, RecursiveMode::Recursive);
        watched.with_context(|| format!("cannot watch {}", folder.display()))?;
    }
    let runs = Arc::new(Runs::new(runner, root));
    let app = live::app(&pages, Arc::clone(&runs)).layer(live_reload);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .with_context(|| format!("cannot listen on port {port}; choose another with --port"))?;
        let guard = Arc::new(Guard::new(listener.local_addr()?.port(), live::secret()?));
        let address = guard.link();
        let app = live::guarded(app, guard);
        anstream::println!("{address}\nEach console block has a button that runs it. Only this link opens it; Ctrl-C ends it.");
        if open {
            opener::open(&address)?;
        }
        // An open page keeps a connection for its reloads: dropped, not waited for.
        let ended = tokio::select! {
            served = axum::serve(listener, app) => served.context("the server failed"),
            ended = stop() => ended,
        };
        runs.end().await;
        ended
    })
}

/// The book's own lesson: SIGTERM as well as Ctrl-C.
async fn stop() -> Result<()> {
    let mut term = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = term.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot wait for Ctrl-C"),
    }
}
