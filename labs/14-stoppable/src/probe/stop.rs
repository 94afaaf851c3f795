//! `docker stop`, watched.

use std::time::Duration;

use anyhow::Result;

use super::observation::Observation;
use super::session::Session;
use crate::trace::set::Sig;

/// Stops a session's container with the engine's own stop.
pub fn probe(
    session: Session,
    probe: &'static str,
    signal: Sig,
    grace: Duration,
) -> Result<Observation> {
    let before = session.processes();
    let sent = session.now();
    let ended = session.container.stop(grace)?;
    let observation = Observation {
        probe,
        signal: Some(signal),
        sent,
        before,
        code: Some(ended.code),
        seconds: ended.seconds,
        grace: grace.as_secs_f64(),
        ..Observation::default()
    };
    session.observed(observation)
}
