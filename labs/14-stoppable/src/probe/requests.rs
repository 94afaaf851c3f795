//! A stop with requests in flight: what becomes of each?

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;
use tokio::sync::{mpsc, watch};

use super::lane::{Ended, Fate, Kind, Lane, Load, run};
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

impl Requests {
    fn count(&mut self, end: Ended) {
        match end.fate {
            Fate::Answered => self.answered += 1,
            Fate::Refused => self.refused += 1,
            Fate::Reset => self.reset += 1,
            Fate::Cut => self.cut += 1,
        }
        if !end.in_flight {
            return;
        }
        self.in_flight += 1;
        if end.fate != Fate::Answered {
            self.lost += 1;
            let kind = end.kind.name();
            if !self.lost_kinds.contains(&kind) {
                self.lost_kinds.push(kind);
            }
        }
    }
}

/// Starts the container with its port published, asks it all the time, and stops it.
pub fn probe(patient: &Patient, target: &Target) -> Result<Result<Requests, Failed>> {
    let mut started = patient.run.clone();
    started
        .more
        .extend(["-p".into(), format!("127.0.0.1::{}", target.port)]);
    let session = match Session::start(patient, "requests", &started)? {
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
    let (ended, mut ends) = mpsc::unbounded_channel();
    let lanes: Vec<_> = LANES
        .into_iter()
        .map(|kind| {
            runtime.spawn(run(Lane {
                kind,
                address,
                path: target.path.clone(),
                load: Arc::clone(&load),
                warmed: Arc::default(),
                begun: begun.clone(),
                ended: ended.clone(),
            }))
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
    let mut requests = Requests::default();
    while let Ok(end) = ends.try_recv() {
        requests.count(end);
    }
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
