//! Serves the built book on the loopback interface; a change of a page or a lab rebuilds and reloads it.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use notify_debouncer_mini::new_debouncer;
use notify_debouncer_mini::notify::RecursiveMode;
use tokio::signal::unix::{SignalKind, signal};
use tower_http::services::ServeDir;
use tower_livereload::LiveReloadLayer;

/// Serves until SIGINT or SIGTERM.
pub fn serve(root: &Path, port: u16, open: bool) -> Result<()> {
    let pages = crate::build(root)?;
    let live_reload = LiveReloadLayer::new();
    let reloader = live_reload.reloader();
    let book = root.to_path_buf();
    let mut watcher = new_debouncer(
        Duration::from_millis(200),
        move |events: notify_debouncer_mini::DebounceEventResult| {
            // What the build itself writes must not start the next one.
            let ours = |path: &Path| path.starts_with(book.join("book"));
            if events.is_ok_and(|events| events.iter().any(|event| !ours(&event.path))) {
                match crate::build(&book) {
                    Ok(_) => reloader.reload(),
                    Err(error) => anstream::eprintln!("{error:#}"),
                }
            }
        },
    )?;
    for folder in [root.join("src"), root.join("theme"), root.join("../labs")] {
        let watched = watcher.watcher().watch(&folder, RecursiveMode::Recursive);
        watched.with_context(|| format!("cannot watch {}", folder.display()))?;
    }
    let app = Router::new()
        .fallback_service(ServeDir::new(pages))
        .layer(live_reload);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .with_context(|| format!("cannot listen on port {port}; choose another with --port"))?;
        let address = format!("http://{}/", listener.local_addr()?);
        anstream::println!("{address} (Ctrl-C ends it)");
        if open {
            opener::open(&address)?;
        }
        // An open page keeps a connection for its reloads: dropped, not waited for.
        tokio::select! {
            served = axum::serve(listener, app) => served.context("the server failed"),
            ended = stop() => ended,
        }
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
