//! Ctrl-C: what `docker run` passes on as SIGINT.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::observation::Observation;
use super::session::Session;
use crate::trace::set::Sig;

/// Sends SIGINT, and waits for the end.
pub fn probe(session: Session, patience: Duration) -> Result<Observation> {
    let before = session.processes();
    let sent = session.now();
    let mark = session.mark();
    let began = Instant::now();
    session.container.kill(Sig::INT)?;
    let ended = session.ended(mark, Sig::INT, patience)?;
    let observation = Observation {
        probe: "interrupt",
        signal: Some(Sig::INT),
        sent,
        before,
        code: ended.map(|ended| ended.code),
        seconds: began.elapsed().as_secs_f64(),
        grace: patience.as_secs_f64(),
        ..Observation::default()
    };
    session.observed(observation)
}
