//! Listening, connections, and the answers to requests.

use std::convert::Infallible;
use std::future;
use std::io;
use std::net::{self, Ipv4Addr};
use std::os::fd::AsFd;
use std::pin::pin;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use anyhow::Result;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use nix::sys::socket::{getsockopt, sockopt};
use tokio::net::{TcpListener, TcpStream};
use tokio::select;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::App;

/// What a request costs: it stands for the database.
const WORK: Duration = Duration::from_millis(10);

// ANCHOR: listener
/// Standard input, if that is a listening socket; a socket of our own otherwise.
pub fn listener() -> Result<TcpListener> {
    let stdin = io::stdin();
    let listener = match getsockopt(&stdin, sockopt::AcceptConn) {
        Ok(true) => stdin.as_fd().try_clone_to_owned()?.into(),
        _ => net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, 3000))?,
    };
    listener.set_nonblocking(true)?;
    println!("listening on {}", listener.local_addr()?);
    Ok(TcpListener::from_std(listener)?)
}
// ANCHOR_END: listener

// ANCHOR: accept
/// Takes connections until the server is closing. Each becomes a task that the tracker knows.
pub async fn accept(listener: TcpListener, app: App) {
    while let Some(accepted) = app.closing.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, _)) => drop(app.connections.spawn(serve(stream, app.clone()))),
            Err(error) => {
                eprintln!("accept: {error}");
                // Out of descriptors, most likely. Asking again at once would only burn CPU time.
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    println!("no new connections");
}
// ANCHOR_END: accept

// ANCHOR: serve
/// One connection: requests until the client closes it, or the server does.
async fn serve(stream: TcpStream, app: App) {
    let asked = Notify::new();
    let answers = service_fn(|request| {
        asked.notify_one();
        answer(request, &app)
    });
    let mut connection =
        pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), answers));

    // A client whose connection was taken has a right to its first answer. hyper
    // would close a connection that has not sent anything yet.
    let closing = async {
        app.closing.cancelled().await;
        asked.notified().await;
    };
    let ended = select! {
        ended = connection.as_mut() => ended,
        () = closing => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        eprintln!("connection: {error}");
    }
}
// ANCHOR_END: serve

async fn answer(
    request: Request<Incoming>,
    app: &App,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, text) = match request.uri().path() {
        "/ready" if app.not_ready.is_cancelled() => {
            (StatusCode::SERVICE_UNAVAILABLE, "stopping\n".into())
        }
        "/ready" => (
            StatusCode::OK,
            format!("ready, {} connections\n", open(app)),
        ),
        "/hang" => {
            println!("GET /hang");
            future::pending().await
        }
        _ => work(request.into_body(), app).await,
    };

    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    // Asked anew: the work may have taken longer than the stage before.
    if app.not_ready.is_cancelled() {
        // The client opens its next connection somewhere else.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    Ok(response)
}

/// The tracker counts `accept` as well.
fn open(app: &App) -> usize {
    app.connections.len() - 1
}

/// The whole request first: a client that takes its time to send keeps the request in flight.
async fn work(mut body: Incoming, app: &App) -> (StatusCode, String) {
    if !body.is_end_stream() {
        println!("POST /");
    }
    while let Some(frame) = body.frame().await {
        if frame.is_err() {
            return (StatusCode::BAD_REQUEST, "half a request\n".into());
        }
    }
    sleep(WORK).await;
    if app.hits.fetch_add(1, Relaxed) == 0 {
        println!("first answer");
    }
    (StatusCode::OK, "Hello World\n".into())
}
