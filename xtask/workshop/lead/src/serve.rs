//! The server: its routes, its limits, its end.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use crate::limits::Limit;
use crate::room::Room;
use crate::{learners, page};

/// What all answers need.
#[derive(Debug)]
pub(crate) struct Hall {
    pub(crate) room: Arc<Room>,
    /// Who wants to join, by address.
    pub(crate) joins: Limit<IpAddr>,
    /// Who sends results, by token.
    pub(crate) results: Limit<String>,
    /// Told when the server is about to end: pages that wait for changes are to let go.
    pub(crate) over: watch::Sender<bool>,
}

/// What is sent here is small.
const BODY: usize = 4096;

/// How long answers under way may take when the server ends.
const DRAIN: Duration = Duration::from_secs(3);

/// The routes of a room.
pub fn routes(room: Arc<Room>) -> Router {
    router(&hall(room))
}

fn hall(room: Arc<Room>) -> Arc<Hall> {
    Arc::new(Hall {
        room,
        // A class behind one address joins within a minute; a code of six letters is not tried out in a day.
        joins: Limit::new(60, Duration::from_secs(1)),
        // Nobody saves faster.
        results: Limit::new(10, Duration::from_millis(500)),
        over: watch::Sender::new(false),
    })
}

fn router(hall: &Arc<Hall>) -> Router {
    Router::new()
        .route("/", get(page::page))
        .route("/page.js", get(page::script))
        .route("/page.css", get(page::style))
        .route("/events", get(page::events))
        .route("/api/join", post(learners::join))
        .route("/api/result", post(learners::result))
        .route("/api/leave", post(learners::leave))
        .layer(DefaultBodyLimit::max(BODY))
        .with_state(Arc::clone(hall))
}

/// Serves a room until `stop`, and returns what that returned.
pub async fn serve<T: Send + 'static>(
    listener: TcpListener,
    room: Arc<Room>,
    stop: impl Future<Output = T>,
) -> Result<T> {
    let hall = hall(room);
    let routes = router(&hall).into_make_service_with_connect_info::<SocketAddr>();
    let (closing, closed) = oneshot::channel::<()>();
    // An answer is small: it does not wait for more (tcp(7), TCP_NODELAY).
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let server = axum::serve(listener, routes).with_graceful_shutdown(async {
        // Said, or dropped: both are the end.
        let _ = closed.await;
    });
    let mut server = tokio::spawn(server.into_future());
    let reason = stop.await;
    hall.over.send_replace(true);
    let _ = closing.send(());
    // A client that hangs is not waited for.
    match timeout(DRAIN, &mut server).await {
        Ok(ended) => ended
            .context("the server broke")?
            .context("the server broke")?,
        Err(_) => server.abort(),
    }
    Ok(reason)
}
