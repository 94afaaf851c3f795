//! A container that has started and is ready, with a tracer beside it.

use std::time::Duration;

use anyhow::Result;

use super::observation::Observation;
use super::patient::Patient;
use super::ready;
use crate::engine::command::Output;
use crate::engine::container::{Container, Ended, Run};
use crate::engine::watch::Watch;
use crate::trace::event::{Event, Outcome, What};
use crate::trace::process::Process;
use crate::trace::set::Sig;

/// A ready container.
pub struct Session {
    /// The tracer; first, as it must go before the container.
    pub watch: Option<Watch>,
    /// The container.
    pub container: Container,
    /// Why there is no tracer.
    pub untraced: Option<String>,
    /// Seconds from `docker run` to ready.
    pub ready: f64,
    /// Ports on which somebody was to listen, and nobody does.
    pub unheard: Vec<u16>,
}

/// Why there is no session.
#[derive(Debug, Clone)]
pub enum Failed {
    /// The engine refused to start it.
    Refused(Output),
    /// It ended before it was ready.
    Ended {
        /// Its exit code.
        code: i32,
        /// What it printed.
        logs: Vec<String>,
    },
}

impl Session {
    /// Starts a container and waits until it is ready.
    pub fn start(patient: &Patient, purpose: &str, run: &Run) -> Result<Result<Session, Failed>> {
        let container = match Container::run(&patient.engine, purpose, run)? {
            Ok(container) => container,
            Err(output) => return Ok(Err(Failed::Refused(output))),
        };
        let mut untraced = None;
        let watch = match &patient.helper {
            None => None,
            Some(helper) => match Watch::start(&patient.engine, helper, &container.name) {
                Ok(watch) => Some(watch),
                Err(error) => {
                    untraced = Some(format!("{error:#}"));
                    None
                }
            },
        };
        if patient.helper.is_none() {
            untraced = Some("--no-trace".into());
        }
        if let Some(reason) = watch.as_ref().and_then(|watch| watch.refused.clone()) {
            untraced = Some(reason);
        }
        let unheard = ready::wait(&container, watch.as_ref(), &patient.ready)?;
        let ready = container.began.elapsed().as_secs_f64();
        if !container.running()? {
            let (code, logs) = (container.code()?, container.logs(20)?);
            return Ok(Err(Failed::Ended { code, logs }));
        }
        Ok(Ok(Session {
            watch,
            container,
            untraced,
            ready,
            unheard,
        }))
    }

    /// The processes as they are; none without a tracer. A process that has just ended is no zombie yet: one that is
    /// still there after a second look is.
    pub fn processes(&self) -> Vec<Process> {
        let look = || {
            self.watch
                .as_ref()
                .and_then(Watch::processes)
                .map_or_else(Vec::new, |(processes, _)| processes)
        };
        let first = look();
        if !first.iter().any(Process::zombie) {
            return first;
        }
        // Nothing tells when a parent will not wait for its child.
        #[allow(clippy::disallowed_methods)]
        std::thread::sleep(ZOMBIE);
        let mut second = look();
        second.retain(|process| {
            !process.zombie()
                || first
                    .iter()
                    .any(|old| old.zombie() && old.pid == process.pid)
        });
        second
    }

    /// A place in the events from which to wait for the next.
    pub fn mark(&self) -> usize {
        self.watch.as_ref().map_or(0, Watch::mark)
    }

    /// Now, on the tracer's clock.
    pub fn now(&self) -> f64 {
        self.watch.as_ref().map_or(0.0, Watch::now)
    }

    /// Waits for the end after `signal` was sent at `mark`, or until it is sure that none comes: PID 1 dropped or
    /// ignored the signal, so that nobody has heard of it.
    pub fn ended(&self, mark: usize, signal: Sig, patience: Duration) -> Result<Option<Ended>> {
        let Some(watch) = self.watch.as_ref().filter(|_| self.untraced.is_none()) else {
            return self.container.wait(patience);
        };
        let came = |event: &Event| match &event.what {
            What::Signal(arrival) if event.pid == 1 && arrival.signal == signal => {
                Some(arrival.outcome)
            }
            _ => None,
        };
        match watch.wait_for(mark, came, patience) {
            Some(Outcome::Dropped | Outcome::Ignored) => Ok(None),
            _ => self.container.wait(patience),
        }
    }

    /// The beginning of an observation: the processes as they are, and the time.
    pub fn begin(&self, probe: &'static str, signal: Option<Sig>, grace: Duration) -> Observation {
        Observation {
            probe,
            signal,
            before: self.processes(),
            sent: self.now(),
            grace: grace.as_secs_f64(),
            ..Observation::default()
        }
    }

    /// What is left to be said when the experiment is over.
    pub fn observed(self, mut observation: Observation) -> Result<Observation> {
        observation.logs = self.container.logs(20)?;
        observation.untraced = self.untraced;
        if let Some(watch) = self.watch {
            observation.events = match observation.code {
                Some(_) => watch.finish(),
                None => watch.events(),
            };
        }
        Ok(observation)
    }
}

/// A parent that reaps has done so within this.
const ZOMBIE: Duration = Duration::from_millis(300);

/// For how long an experiment waits for what should come at once.
pub const PATIENCE: Duration = Duration::from_secs(3);
