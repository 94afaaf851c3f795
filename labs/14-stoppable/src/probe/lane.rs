//! One lane of the load: request after request, and what becomes of each.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use http_body_util::channel::Channel;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Bytes};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

/// How a lane sends its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One after the other, on one connection.
    KeepAlive,
    /// Each on a connection of its own.
    Fresh,
    /// The first half of its body before the stop, the other half when it is under way.
    HalfSent,
    /// The beginning of the answer is read before the stop, the rest when it is under way.
    HalfRead,
}

impl Kind {
    /// In words.
    pub fn name(self) -> &'static str {
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
pub enum Fate {
    /// With a whole answer.
    Answered,
    /// There was no connection to be had.
    Refused,
    /// Connected, and no answer.
    Reset,
    /// An answer that broke off.
    Cut,
}

/// The end of one request.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    /// How it was sent.
    pub kind: Kind,
    /// What became of it.
    pub fate: Fate,
    /// It had its connection before the stop began, and ended after that.
    pub in_flight: bool,
}

/// Shared by all lanes.
#[derive(Default)]
pub struct Load {
    /// Lanes that have a request under way, or have had an answer.
    pub warm: AtomicUsize,
    /// The stop has begun.
    pub stopping: AtomicBool,
    /// Enough: no more requests.
    pub over: AtomicBool,
}

/// One lane of the load.
#[derive(Clone)]
pub struct Lane {
    /// How it sends.
    pub kind: Kind,
    /// Where to.
    pub address: SocketAddr,
    /// What it asks for.
    pub path: String,
    /// What it shares with the others.
    pub load: Arc<Load>,
    /// Has it counted itself as warm?
    pub warmed: Arc<AtomicBool>,
    /// True when the other halves may follow.
    pub begun: watch::Receiver<bool>,
    /// Hears of each request's end.
    pub ended: mpsc::UnboundedSender<Ended>,
}

impl Lane {
    /// It has a request under way, or has had an answer.
    fn warm(&self) {
        if !self.warmed.swap(true, Ordering::SeqCst) {
            self.load.warm.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Waits until the other halves may follow.
    async fn begun(&self) {
        let _ = self.begun.clone().wait_for(|begun| *begun).await;
    }
}

/// Request after request until it is over.
pub async fn run(lane: Lane) {
    let mut kept = None;
    while !lane.load.over.load(Ordering::SeqCst) {
        let (fate, under_way) = match connection(&lane, &mut kept).await {
            // It has its connection: was that before the stop?
            Ok(sender) => {
                let before = !lane.load.stopping.load(Ordering::SeqCst);
                (one(&lane, sender, &mut kept).await, before)
            }
            Err(fate) => (fate, false),
        };
        let after = lane.load.stopping.load(Ordering::SeqCst);
        if fate == Fate::Answered {
            lane.warm();
        }
        if fate == Fate::Answered || after {
            let in_flight = under_way && after;
            // Whoever counts may have ended: then nobody needs it.
            let _ = lane.ended.send(Ended {
                kind: lane.kind,
                fate,
                in_flight,
            });
        }
        if fate != Fate::Answered {
            // A server that is starting, or has gone: do not ask a thousand times a second.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if matches!(lane.kind, Kind::HalfSent | Kind::HalfRead) && after {
            return; // one each
        }
    }
}

type Sender = SendRequest<BoxBody<Bytes, std::convert::Infallible>>;

/// The lane's connection: the one that it has kept, or a new one.
async fn connection(lane: &Lane, kept: &mut Option<Sender>) -> Result<Sender, Fate> {
    if let Some(sender) = kept.take().filter(|sender| !sender.is_closed()) {
        return Ok(sender);
    }
    let stream = TcpStream::connect(lane.address)
        .await
        .map_err(|_| Fate::Refused)?;
    let made = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (sender, connection) = made.map_err(|_| Fate::Reset)?;
    tokio::spawn(connection);
    Ok(sender)
}

/// A body of which the second half comes when it is told.
fn halves(lane: &Lane) -> BoxBody<Bytes, std::convert::Infallible> {
    let (mut halves, body) = Channel::new(1);
    let lane = lane.clone();
    tokio::spawn(async move {
        // The channel holds one piece: when it takes the next, the first is on its way.
        for piece in ["half ", "a "] {
            let _ = halves.send_data(Bytes::from_static(piece.as_bytes())).await;
        }
        lane.warm();
        lane.begun().await;
        let _ = halves.send_data(Bytes::from_static(b"request")).await;
    });
    BoxBody::new(body)
}

/// One request, to its end.
async fn one(lane: &Lane, mut sender: Sender, kept: &mut Option<Sender>) -> Fate {
    let request = hyper::Request::builder()
        .uri(&lane.path)
        .header("host", lane.address.to_string());
    let request = if lane.kind == Kind::HalfSent {
        request
            .method("POST")
            .header("content-length", 14)
            .body(halves(lane))
    } else {
        let connection = if lane.kind == Kind::Fresh {
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
    if lane.kind == Kind::HalfRead {
        if body.frame().await.is_none_or(|frame| frame.is_err()) {
            return Fate::Cut;
        }
        if !body.is_end_stream() {
            lane.warm();
            lane.begun().await;
        }
    }
    match body.collect().await {
        Ok(_) => {
            if lane.kind == Kind::KeepAlive {
                *kept = sender.ready().await.ok().map(|()| sender);
            }
            Fate::Answered
        }
        Err(_) => Fate::Cut,
    }
}
