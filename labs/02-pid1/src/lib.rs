//! The HTTP server that the programs of this lab share. They differ in what stops it.

use std::env;
use std::net::Ipv4Addr;
use std::pin::pin;
use std::time::Duration;

use anyhow::{Context, Result};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::select;
use tokio::time::sleep;

// ANCHOR: serve
/// Answers requests until `stop` is ready, then finishes what is in flight.
/// Returns what `stop` returned.
pub async fn serve<T>(stop: impl Future<Output = T>) -> Result<T> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port()?)).await?;
    println!("listening on {}", listener.local_addr()?);

    let in_flight = GracefulShutdown::new();
    let mut stop = pin!(stop);
    let reason = loop {
        select! {
            reason = &mut stop => break reason,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let connection = http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service_fn(hello));
                    tokio::spawn(in_flight.watch(connection));
                }
                Err(error) => {
                    eprintln!("accept: {error}");
                    // Out of descriptors, most likely. Asking again at once
                    // would only burn CPU time.
                    sleep(Duration::from_millis(50)).await;
                }
            },
        }
    };

    drop(listener);
    println!("no new connections");
    in_flight.shutdown().await;
    Ok(reason)
}
// ANCHOR_END: serve

/// The whole request first, then the answer: a client that takes its time to send keeps the
/// request in flight.
async fn hello(request: Request<Incoming>) -> hyper::Result<Response<Full<Bytes>>> {
    println!("{} {}", request.method(), request.uri().path());
    let mut body = request.into_body();
    while body.frame().await.transpose()?.is_some() {}
    Ok(Response::new(Full::from("Hello World\n")))
}

fn port() -> Result<u16> {
    match env::var("PORT") {
        Ok(port) => port.parse().with_context(|| format!("PORT={port}")),
        Err(_) => Ok(3000),
    }
}
