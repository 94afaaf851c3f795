//! Ctrl-C: what `docker run` passes on as SIGINT.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::observation::Observation;
use super::session::Session;
use crate::trace::set::Sig;

/// Sends SIGINT, and waits for the end.
pub fn probe(session: Session, patience: Duration) -> Result<Observation> {
    let mut observation = session.begin("interrupt", Some(Sig::INT), patience);
    let mark = session.mark();
    let began = Instant::now();
    session.container.kill(Sig::INT)?;
    let ended = session.ended(mark, Sig::INT, patience)?;
    observation.code = ended.map(|ended| ended.code);
    observation.seconds = began.elapsed().as_secs_f64();
    session.observed(observation)
}
