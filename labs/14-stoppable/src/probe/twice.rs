//! The signal twice: the second as soon as somebody has heard the first.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::observation::{Observation, heard};
use super::session::{PATIENCE, Session};
use crate::trace::event::{Event, What};
use crate::trace::set::Sig;

/// Sends it twice, and waits for the end.
pub fn probe(session: Session, signal: Sig, patience: Duration) -> Result<Observation> {
    let mut observation = session.begin("twice", Some(signal), patience);
    let mark = session.mark();
    let began = Instant::now();
    session.container.kill(signal)?;
    if let Some(watch) = &session.watch {
        let first = |event: &Event| match &event.what {
            What::Signal(arrival) if arrival.signal == signal && heard(arrival.outcome) => Some(()),
            _ => None,
        };
        watch.wait_for(mark, first, PATIENCE);
    }
    session.container.kill(signal)?;
    let ended = session.ended(mark, signal, patience)?;
    observation.code = ended.map(|ended| ended.code);
    observation.seconds = began.elapsed().as_secs_f64();
    session.observed(observation)
}
