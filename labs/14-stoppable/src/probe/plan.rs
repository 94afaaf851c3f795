//! Which experiments are made, in which order, and what they need of each other.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::Result;

use super::crash::Crash;
use super::early::Moment;
use super::observation::Observation;
use super::patient::{Patient, Ready};
use super::requests::Requests;
use super::session::{Failed, PATIENCE, Session};
use super::{crash, early, init, interrupt, requests, stop, twice};

/// An experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Probe {
    /// Start, until it is ready, and `docker stop`.
    Stop,
    /// SIGINT, as Ctrl-C gives it.
    Interrupt,
    /// `docker stop` with `--init`.
    Init,
    /// The worker is killed; an orphan waits to be reaped.
    Crash,
    /// The stop signal twice.
    Twice,
    /// The stop signal while it starts.
    Early,
    /// A stop with requests in flight.
    Requests,
}

impl Probe {
    /// All of them.
    pub const ALL: [Probe; 7] = [
        Probe::Stop,
        Probe::Interrupt,
        Probe::Init,
        Probe::Crash,
        Probe::Twice,
        Probe::Early,
        Probe::Requests,
    ];

    /// As the user writes it.
    pub fn name(self) -> &'static str {
        match self {
            Probe::Stop => "stop",
            Probe::Interrupt => "interrupt",
            Probe::Init => "init",
            Probe::Crash => "crash",
            Probe::Twice => "twice",
            Probe::Early => "early",
            Probe::Requests => "requests",
        }
    }

    /// What it does.
    pub fn about(self) -> &'static str {
        match self {
            Probe::Stop => "starts it, waits until it is ready, and stops it with `docker stop`",
            Probe::Interrupt => "sends SIGINT, as Ctrl-C at `docker run` does",
            Probe::Init => "stops it once more, with `--init`",
            Probe::Crash => "kills the program that does the work, and leaves an orphan to PID 1",
            Probe::Twice => "sends the stop signal a second time, when the first has been heard",
            Probe::Early => "sends the stop signal at five moments of its start",
            Probe::Requests => "stops it while requests are under way (--http)",
        }
    }

    /// The probe of that name.
    pub fn named(name: &str) -> Option<Probe> {
        Probe::ALL.into_iter().find(|probe| probe.name() == name)
    }
}

/// What all experiments showed.
#[derive(Debug, Clone, Default)]
pub struct Results {
    /// Seconds until it was ready.
    pub ready: f64,
    /// Ports of EXPOSE on which nobody listens.
    pub unheard: Vec<u16>,
    /// Why it did not start.
    pub failed: Option<Failed>,
    /// `docker stop`.
    pub stop: Option<Observation>,
    /// Ctrl-C.
    pub interrupt: Option<Observation>,
    /// `docker stop` with more time, when the first ran out.
    pub longer: Option<Observation>,
    /// With `--init`.
    pub init: Option<Observation>,
    /// The crash, and the orphan.
    pub crash: Option<Crash>,
    /// Twice.
    pub twice: Option<Observation>,
    /// While it starts.
    pub early: Vec<Moment>,
    /// With requests.
    pub requests: Option<Requests>,
}

/// Told what begins and what is done.
pub trait Progress: Sync {
    /// An experiment has begun.
    fn begin(&self, probe: Probe);
    /// It is over.
    fn end(&self, probe: Probe);
}

/// Makes the experiments. The first tells whether the container starts at all; the others run side by side.
pub fn run(
    patient: &Patient,
    wanted: &BTreeSet<Probe>,
    progress: &impl Progress,
) -> Result<Results> {
    let mut results = Results::default();
    progress.begin(Probe::Stop);
    let session = match Session::start(patient, "stop", &patient.run)? {
        Ok(session) => session,
        Err(failed) => {
            progress.end(Probe::Stop);
            results.failed = Some(failed);
            return Ok(results);
        }
    };
    results.ready = session.ready;
    results.unheard.clone_from(&session.unheard);
    let mut patient = patient.clone();
    if !session.unheard.is_empty() {
        // Nobody will listen the next time either.
        patient.ready = Ready::Quiet(Vec::new());
    }
    let patient = &patient;
    let shared = Mutex::new((results, None));
    let error = |error: anyhow::Error| {
        shared
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .1
            .get_or_insert(error);
    };
    let keep = |keep: &dyn Fn(&mut Results)| {
        keep(
            &mut shared
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .0,
        );
    };
    std::thread::scope(|scope| {
        let beside = |probe: Probe, work: fn(&Patient) -> Result<Part>| {
            if wanted.contains(&probe) {
                scope.spawn(move || {
                    progress.begin(probe);
                    match work(patient) {
                        Ok(part) => keep(&|results| part.clone().put(results)),
                        Err(failed) => error(failed),
                    }
                    progress.end(probe);
                });
            }
        };
        beside(Probe::Interrupt, |patient| {
            ready(patient, "interrupt", |session| {
                interrupt::probe(session, PATIENCE).map(Part::Interrupt)
            })
        });
        beside(Probe::Twice, |patient| {
            let (signal, patience) = (patient.signal, patient.grace.min(Duration::from_secs(5)));
            ready(patient, "twice", |session| {
                twice::probe(session, signal, patience).map(Part::Twice)
            })
        });
        beside(Probe::Crash, |patient| {
            ready(patient, "crash", |session| {
                crash::probe(session).map(Part::Crash)
            })
        });
        beside(Probe::Init, |patient| {
            Ok(init::probe(patient)?.map_or(Part::Nothing, Part::Init))
        });
        beside(Probe::Requests, |patient| match &patient.http {
            Some(target) => {
                Ok(requests::probe(patient, target)?.map_or(Part::Nothing, Part::Requests))
            }
            None => Ok(Part::Nothing),
        });
        match stop::probe(session, "stop", patient.signal, patient.grace) {
            Ok(observation) => keep(&|results| results.stop = Some(observation.clone())),
            Err(failed) => error(failed),
        }
        progress.end(Probe::Stop);
    });
    let (mut results, failed) = shared
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(error) = failed {
        return Err(error);
    }
    if let Some(stop) = &results.stop
        && stop.killed()
        && stop.workers().iter().any(|worker| stop.heard(worker.pid))
    {
        // It heard the signal and was still at work: how long would it take?
        progress.begin(Probe::Stop);
        let grace = (patient.grace * 3).min(patient.grace + LONGER);
        if let Ok(session) = Session::start(patient, "longer", &patient.run)? {
            results.longer = Some(stop::probe(session, "longer", patient.signal, grace)?);
        }
        progress.end(Probe::Stop);
    }
    // A container that never hears the signal hears it no better while it starts.
    let hears = results.stop.as_ref().filter(|stop| !stop.killed());
    if let Some(stop) = hears.filter(|_| wanted.contains(&Probe::Early)) {
        progress.begin(Probe::Early);
        results.early = early::probe(patient, results.ready, stop.seconds)?;
        progress.end(Probe::Early);
    }
    Ok(results)
}

/// The most that a drain is given beyond the grace period, to see whether it ends at all.
const LONGER: Duration = Duration::from_secs(20);

/// What one experiment adds.
#[derive(Clone)]
enum Part {
    Nothing,
    Interrupt(Observation),
    Init(Observation),
    Crash(Crash),
    Twice(Observation),
    Requests(Requests),
}

impl Part {
    fn put(self, results: &mut Results) {
        match self {
            Part::Nothing => {}
            Part::Interrupt(observation) => results.interrupt = Some(observation),
            Part::Init(observation) => results.init = Some(observation),
            Part::Crash(crash) => results.crash = Some(crash),
            Part::Twice(observation) => results.twice = Some(observation),
            Part::Requests(requests) => results.requests = Some(requests),
        }
    }
}

/// An experiment on a ready container; one that does not start the second time shows nothing.
fn ready(
    patient: &Patient,
    purpose: &str,
    work: impl FnOnce(Session) -> Result<Part>,
) -> Result<Part> {
    match Session::start(patient, purpose, &patient.run)? {
        Ok(session) => work(session),
        Err(_) => Ok(Part::Nothing),
    }
}
