//! The leader's page: it opens with the key, and is told of each change.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, LOCATION, REFERRER_POLICY,
    SET_COOKIE,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive};
use axum::response::{IntoResponse, Response, Sse};
use tokio::time::sleep;
use tokio_stream::wrappers::ReceiverStream;

use crate::serve::Hall;

/// The cookie that holds the key.
const NAME: &str = "workshop-lead";

/// Whether the browser has been given the key.
fn is_leader(hall: &Hall, headers: &HeaderMap) -> bool {
    let cookies = headers.get_all(COOKIE).iter();
    cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .any(|cookie| cookie.trim().split_once('=') == Some((NAME, hall.room.key())))
}

fn stranger() -> Response {
    let text = "open the link that `cargo xtask workshop lead` has printed\n";
    (StatusCode::FORBIDDEN, text).into_response()
}

/// The page. The link's key is exchanged for a cookie that no script can read and no other site's page can have sent.
pub async fn page(
    State(hall): State<Arc<Hall>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if query.as_deref() == Some(&format!("key={}", hall.room.key())) {
        let cookie = format!(
            "{NAME}={}; HttpOnly; SameSite=Strict; Path=/",
            hall.room.key()
        );
        let headers = [(SET_COOKIE, cookie.as_str()), (LOCATION, "/")];
        return (StatusCode::SEE_OTHER, headers).into_response();
    }
    if !is_leader(&hall, &headers) {
        return stranger();
    }
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        // Names are text: the page makes no markup of them, and if it did, nothing of it would run.
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'",
        ),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, include_str!("page.html")).into_response()
}

/// The page's script.
pub async fn script() -> Response {
    let kind = [(CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (kind, include_str!("page.js")).into_response()
}

/// The page's style.
pub async fn style() -> Response {
    let kind = [(CONTENT_TYPE, "text/css; charset=utf-8")];
    (kind, include_str!("page.css")).into_response()
}

/// No more than so many pictures of the room a second.
const PAUSE: Duration = Duration::from_millis(200);

/// The room, again and again: now, and after each change.
pub async fn events(State(hall): State<Arc<Hall>>, headers: HeaderMap) -> Response {
    if !is_leader(&hall, &headers) {
        return stranger();
    }
    let (to, from) = tokio::sync::mpsc::channel::<Result<Event, Infallible>>(1);
    tokio::spawn(async move {
        let (mut changes, mut over) = (hall.room.changes(), hall.over.subscribe());
        loop {
            changes.mark_unchanged();
            let view = hall
                .room
                .view()
                .and_then(|view| Ok(Event::default().json_data(view)?));
            let event = view.unwrap_or_else(|error| {
                Event::default()
                    .event("trouble")
                    .data(format!("{error:#}").replace('\n', " "))
            });
            if to.send(Ok(event)).await.is_err() {
                return;
            }
            sleep(PAUSE).await;
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = to.closed() => return,
                _ = over.wait_for(|over| *over) => return,
            }
        }
    });
    let stream = ReceiverStream::new(from);
    Sse::new(stream)
        .keep_alive(KeepAlive::default())
        .into_response()
}
