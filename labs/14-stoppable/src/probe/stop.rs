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
    let mut observation = session.begin(probe, Some(signal), grace);
    let ended = session.container.stop(grace)?;
    observation.code = Some(ended.code);
    observation.seconds = ended.seconds;
    session.observed(observation)
}
