//! A stop with requests in flight: what becomes of each?

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use http_body_util::channel::Channel;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Bytes};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::observation::Observation;
use super::patient::{Patient, Target};
use super::session::{Failed, Session};
use super::stop;

/// What became of the requests.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Requests {
    /// With a whole answer.
    pub answered: usize,
    /// No connection any more: the next server, please.
    pub refused: usize,
    /// Connected, and no answer.
    pub reset: usize,
    /// An answer that broke off.
    pub cut: usize,
    /// Of those: under way when the signal came.
    pub in_flight: usize,
    /// Of those in flight: without a whole answer.
    pub lost: usize,
    /// What kinds of request were lost.
    pub lost_kinds: Vec<&'static str>,
    /// The container's end.
    pub observation: Observation,
}

/// How a lane sends its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One after the other, on one connection.
    KeepAlive,
    /// Each on a connection of its own.
    Fresh,
    /// The first half of its body before the stop, the other half when it is under way.
    HalfSent,
    /// The beginning of the answer is read before the stop, the rest when it is under way.
    HalfRead,
}

/// The lanes of the load: few, so that a small server is not what fails.
const LANES: [Kind; 10] = [
    Kind::KeepAlive,
    Kind::KeepAlive,
    Kind::KeepAlive,
    Kind::Fresh,
    Kind::Fresh,
    Kind::Fresh,
    Kind::HalfSent,
    Kind::HalfSent,
    Kind::HalfRead,
    Kind::HalfRead,
];

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::KeepAlive => "a request on a kept connection",
            Kind::Fresh => "a request on a new connection",
            Kind::HalfSent => "a request whose body was half sent",
            Kind::HalfRead => "an answer that was half read",
        }
    }
}

/// What became of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    Refused,
    Reset,
    Cut,
}

/// Shared by all lanes.
#[derive(Default)]
struct Load {
    /// Lanes that have a request under way, or have had an answer.
    warm: AtomicUsize,
    stopping: AtomicBool,
    over: AtomicBool,
    counts: std::sync::Mutex<Requests>,
}

/// Starts the container with its port published, asks it all the time, and stops it.
pub fn probe(patient: &Patient, target: &Target) -> Result<Result<Requests, Failed>> {
    let mut run = patient.run.clone();
    run.more
        .extend(["-p".into(), format!("127.0.0.1::{}", target.port)]);
    let session = match Session::start(patient, "requests", &run)? {
        Ok(session) => session,
        Err(failed) => return Ok(Err(failed)),
    };
    let address = session.container.published(target.port)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let load = Arc::new(Load::default());
    let (begin, begun) = watch::channel(false);
    let lanes: Vec<_> = LANES
        .into_iter()
        .map(|kind| {
            runtime.spawn(lane(
                kind,
                address,
                target.path.clone(),
                Arc::clone(&load),
                begun.clone(),
            ))
        })
        .collect();
    runtime
        .block_on(warm(&load))
        .with_context(|| format!("nothing answers HTTP on port {}", target.port))?;
    // Everybody is under way: now.
    load.stopping.store(true, Ordering::SeqCst);
    let signal = patient.signal;
    let stopping = std::thread::scope(|scope| {
        let stopping = scope.spawn(|| stop::probe(session, "requests", signal, patient.grace));
        // The other halves follow when the server has had time to hear, and hardly any to end.
        runtime.block_on(async { tokio::time::sleep(Duration::from_millis(200)).await });
        let _ = begin.send(true);
        stopping.join()
    });
    load.over.store(true, Ordering::SeqCst);
    runtime.block_on(async {
        for lane in lanes {
            let _ = tokio::time::timeout(Duration::from_secs(2), lane).await;
        }
    });
    runtime.shutdown_background();
    let mut requests = load
        .counts
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .clone();
    requests.observation = stopping.unwrap_or_else(|_| anyhow::bail!("the stop failed"))?;
    Ok(Ok(requests))
}

/// Waits until each lane is under way; a server that takes one request at a time never gets so far, and is asked by
/// those that it lets in.
async fn warm(load: &Load) -> Result<()> {
    let lanes = || load.warm.load(Ordering::SeqCst);
    let until = |wanted: usize, seconds: u64| async move {
        let warm = async {
            while lanes() < wanted {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(seconds), warm).await
    };
    until(FIRST, 10)
        .await
        .context("no answer within 10 seconds")?;
    let _ = until(LANES.len(), 3).await;
    Ok(())
}

/// The lanes that count as under way before anything was answered, and one more.
const FIRST: usize = 3;

/// One lane: request after request until it is over.
async fn lane(
    kind: Kind,
    address: SocketAddr,
    path: String,
    load: Arc<Load>,
    begun: watch::Receiver<bool>,
) {
    let (mut kept, mut warmed) = (None, false);
    while !load.over.load(Ordering::SeqCst) {
        let before = !load.stopping.load(Ordering::SeqCst);
        if kind == Kind::HalfSent && !std::mem::replace(&mut warmed, true) {
            load.warm.fetch_add(1, Ordering::SeqCst);
        }
        let fate = one(kind, address, &path, &mut kept, begun.clone(), || {
            if !std::mem::replace(&mut warmed, true) {
                load.warm.fetch_add(1, Ordering::SeqCst);
            }
        })
        .await;
        let after = load.stopping.load(Ordering::SeqCst);
        let too_early = fate != Fate::Answered && !after;
        if fate == Fate::Answered && !std::mem::replace(&mut warmed, true) {
            load.warm.fetch_add(1, Ordering::SeqCst);
        }
        if !too_early {
            count(&load, kind, fate, before && after);
        }
        if fate != Fate::Answered {
            // A server that is starting, or has gone: do not ask a thousand times a second.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if matches!(kind, Kind::HalfSent | Kind::HalfRead) && after {
            return; // one each
        }
    }
}

fn count(load: &Load, kind: Kind, fate: Fate, in_flight: bool) {
    let mut counts = load
        .counts
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    match fate {
        Fate::Answered => counts.answered += 1,
        Fate::Refused => counts.refused += 1,
        Fate::Reset => counts.reset += 1,
        Fate::Cut => counts.cut += 1,
    }
    if in_flight {
        counts.in_flight += 1;
        if fate != Fate::Answered {
            counts.lost += 1;
            if !counts.lost_kinds.contains(&kind.name()) {
                counts.lost_kinds.push(kind.name());
            }
        }
    }
}

type Sender = SendRequest<BoxBody<Bytes, std::convert::Infallible>>;

/// One request, to its end.
async fn one(
    kind: Kind,
    address: SocketAddr,
    path: &str,
    kept: &mut Option<Sender>,
    mut begun: watch::Receiver<bool>,
    warm: impl FnOnce(),
) -> Fate {
    let mut sender = match kept.take() {
        Some(sender) if !sender.is_closed() => sender,
        _ => match connect(address).await {
            Ok(sender) => sender,
            Err(fate) => return fate,
        },
    };
    let request = hyper::Request::builder()
        .uri(path)
        .header("host", address.to_string());
    let request = if kind == Kind::HalfSent {
        let (mut halves, body) = Channel::new(1);
        let mut begun = begun.clone();
        tokio::spawn(async move {
            let _ = halves.send_data(Bytes::from_static(b"half a ")).await;
            let _ = begun.wait_for(|begun| *begun).await;
            let _ = halves.send_data(Bytes::from_static(b"request")).await;
        });
        request
            .method("POST")
            .header("content-length", 14)
            .body(BoxBody::new(body))
    } else {
        let connection = if kind == Kind::Fresh {
            "close"
        } else {
            "keep-alive"
        };
        request
            .header("connection", connection)
            .body(BoxBody::new(Empty::new()))
    };
    let Ok(request) = request else {
        return Fate::Reset;
    };
    let Ok(answer) = sender.send_request(request).await else {
        return Fate::Reset;
    };
    let mut body = answer.into_body();
    if kind == Kind::HalfRead {
        if body.frame().await.is_none_or(|frame| frame.is_err()) {
            return Fate::Cut;
        }
        if !body.is_end_stream() {
            warm();
            let _ = begun.wait_for(|begun| *begun).await;
        }
    }
    match body.collect().await {
        Ok(_) => {
            if kind == Kind::KeepAlive {
                *kept = sender.ready().await.ok().map(|()| sender);
            }
            Fate::Answered
        }
        Err(_) => Fate::Cut,
    }
}

async fn connect(address: SocketAddr) -> Result<Sender, Fate> {
    let stream = TcpStream::connect(address)
        .await
        .map_err(|_| Fate::Refused)?;
    let made = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (sender, connection) = made.map_err(|_| Fate::Reset)?;
    tokio::spawn(connection);
    Ok(sender)
}
