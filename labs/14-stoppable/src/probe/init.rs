//! The same stop with `--init`: is an init half a cure, or one too many?

use anyhow::Result;

use super::observation::Observation;
use super::patient::Patient;
use super::session::{Failed, Session};
use super::stop;

/// Starts it with `--init` and stops it.
pub fn probe(patient: &Patient) -> Result<Result<Observation, Failed>> {
    let mut run = patient.run.clone();
    run.more.push("--init".into());
    match Session::start(patient, "init", &run)? {
        Ok(session) => stop::probe(session, "init", patient.signal, patient.grace).map(Ok),
        Err(failed) => Ok(Err(failed)),
    }
}
