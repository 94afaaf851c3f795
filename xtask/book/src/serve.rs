//! Serves the live book on the loopback interface; a change of a page or a lab rebuilds and reloads it.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use notify_debouncer_mini::new_debouncer;
use notify_debouncer_mini::notify::RecursiveMode;
use tokio::net::TcpListener;
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
        let (listener, second) = listen(port).await?;
        let guard = Arc::new(Guard::new(listener.local_addr()?.port(), live::secret()?));
        let address = guard.link();
        let app = live::guarded(app, guard);
        anstream::println!("{address}\nEach console block has a button that runs it. Only this link opens it; Ctrl-C ends it.");
        if open {
            opener::open(&address)?;
        }
        // An open page keeps a connection for its reloads: dropped, not waited for.
        let ended = tokio::select! {
            served = axum::serve(listener, app.clone()) => served.context("the server failed"),
            served = by(second, app) => served.context("the server failed"),
            ended = stop() => ended,
        };
        runs.end().await;
        ended
    })
}

/// The loopback interface's two addresses; browsers try either for `localhost`. A machine without IPv6 has one.
async fn listen(port: u16) -> Result<(TcpListener, Option<TcpListener>)> {
    let busy = || format!("cannot listen on port {port}; choose another with --port");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .with_context(busy)?;
    let same = listener.local_addr()?.port();
    match TcpListener::bind((Ipv6Addr::LOCALHOST, same)).await {
        Ok(second) => Ok((listener, Some(second))),
        // Somebody else's server would get what is meant for us.
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(error).with_context(busy),
        Err(_) => Ok((listener, None)),
    }
}

/// Serves by a listener; without one, for ever.
async fn by(listener: Option<TcpListener>, app: Router) -> std::io::Result<()> {
    match listener {
        Some(listener) => axum::serve(listener, app).await,
        None => std::future::pending().await,
    }
}

/// The book's own lesson: SIGTERM as well as Ctrl-C.
async fn stop() -> Result<()> {
    let mut term = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = term.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot wait for Ctrl-C"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_loopback_addresses_answer_and_no_other() {
        let (first, second) = listen(0).await.unwrap();
        let address = first.local_addr().unwrap();
        assert_eq!(address.ip(), Ipv4Addr::LOCALHOST);
        let Some(second) = second else {
            println!("skipped: this machine has no ::1");
            return;
        };
        let other = second.local_addr().unwrap();
        assert_eq!(
            (other.ip(), other.port()),
            (Ipv6Addr::LOCALHOST.into(), address.port())
        );
        drop(first);
        let error = listen(address.port()).await.unwrap_err();
        assert!(
            format!("{error:#}").contains("choose another with --port"),
            "{error:#}"
        );
    }
}
