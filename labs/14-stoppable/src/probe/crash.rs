//! The work crashes: does the container's exit code tell? And who reaps an orphan?

use std::time::Duration;

use anyhow::Result;

use super::observation::{Observation, aid};
use super::session::{PATIENCE, Session};
use crate::trace::event::{Event, What};
use crate::trace::request::Request;
use crate::trace::set::Sig;

/// How long PID 1 is given to reap an orphan.
const REAPED: u64 = 500;

/// What came of it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Crash {
    /// The container after its worker was killed; `None` where PID 1 does the work itself.
    pub observation: Option<Observation>,
    /// The worker that was killed.
    pub worker: Option<i32>,
    /// Whether PID 1 reaped an orphan that it did not make.
    pub reaped: Option<bool>,
}

/// Makes an orphan, then kills the worker.
pub fn probe(session: Session) -> Result<Crash> {
    let Some(watch) = &session.watch else {
        return Ok(Crash {
            observation: None,
            worker: None,
            reaped: None,
        });
    };
    let before = session.processes();
    let mark = watch.mark();
    watch.ask(Request::Orphan(REAPED));
    let answer = |event: &Event| match event.what {
        What::Orphan { reaped } => Some(reaped),
        _ => None,
    };
    let reaped = watch.wait_for(mark, answer, PATIENCE);
    let known = Observation {
        before: before.clone(),
        ..Observation::default()
    };
    // The oldest: a master before its workers.
    let worker = known
        .workers()
        .into_iter()
        .filter(|process| process.pid != 1 && !aid(process))
        .map(|process| process.pid)
        .next();
    let Some(worker) = worker else {
        return Ok(Crash {
            observation: None,
            worker: None,
            reaped,
        });
    };
    let sent = session.now();
    watch.ask(Request::Signal(worker, Sig::KILL));
    let patience = Duration::from_secs(2);
    let ended = session.container.wait(patience)?;
    let observation = Observation {
        probe: "crash",
        sent,
        before,
        code: ended.map(|ended| ended.code),
        seconds: ended.map_or(patience.as_secs_f64(), |ended| ended.seconds),
        grace: patience.as_secs_f64(),
        ..Observation::default()
    };
    Ok(Crash {
        observation: Some(session.observed(observation)?),
        worker: Some(worker),
        reaped,
    })
}
