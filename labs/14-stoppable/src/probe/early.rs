//! A stop at many moments of the start: is there a window in which the signal is lost?

use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;

use super::patient::Patient;
use crate::engine::container::Container;

/// One moment.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Moment {
    /// Seconds after the engine had started the container.
    pub after: f64,
    /// Its exit code; `None` when the signal was lost, and the container went on.
    pub code: Option<i32>,
}

/// How much of the start is behind when the signal is sent.
const PARTS: [f64; 5] = [0.0, 0.2, 0.4, 0.6, 0.8];

/// Starts a container for each moment, side by side, and sends the signal at it. `ready` is how long the start took, `ordinary` how
/// long an ordinary stop does.
pub fn probe(patient: &Patient, ready: f64, ordinary: f64) -> Result<Vec<Moment>> {
    let patience = Duration::from_secs_f64(ordinary * 2.0 + 2.0);
    let one = |part: f64| moment(patient, Duration::from_secs_f64(ready * part), patience);
    let moments = std::thread::scope(|scope| {
        let started: Vec<_> = PARTS
            .iter()
            .map(|part| scope.spawn(move || one(*part)))
            .collect();
        let joined = started
            .into_iter()
            .map(|thread| thread.join().unwrap_or(Ok(None)));
        joined.collect::<Result<Vec<_>>>()
    })?;
    Ok(moments.into_iter().flatten().collect())
}

/// One container, and the signal `after` its start; `None` when it did not start, or had ended by itself.
fn moment(patient: &Patient, after: Duration, patience: Duration) -> Result<Option<Moment>> {
    let Ok(container) = Container::run(&patient.engine, "early", &patient.run)? else {
        return Ok(None);
    };
    let started = Instant::now();
    // The moment is what is measured here: there is no condition to wait for.
    #[allow(clippy::disallowed_methods)]
    std::thread::sleep(after);
    if !container.kill(patient.signal)? {
        return Ok(None);
    }
    let after = started.elapsed().as_secs_f64();
    let code = container.wait(patience)?.map(|ended| ended.code);
    Ok(Some(Moment { after, code }))
}
