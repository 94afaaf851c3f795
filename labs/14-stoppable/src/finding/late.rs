//! Too late, too long, never.

use super::about::{About, Finding, Severity};
use super::case::{Case, when, who, whole};
use super::deaf::{end, raised};
use super::fix::Fix;
use crate::probe::observation::Observation;
use crate::probe::plan::Probe;

/// What is found here.
pub const ABOUT: &[About] = &[
    About {
        name: "drain-exceeds-grace",
        severity: Severity::Error,
        title: "your program finishes its work, but not within the grace period",
        explanation: "The grace period is the engine's: 10 seconds for docker stop, 30 in Kubernetes, unless told \
            otherwise. What has not ended by then gets SIGKILL. Give it more time (--stop-timeout, stop_grace_period, \
            terminationGracePeriodSeconds), or let the drain have a deadline of its own that is shorter.",
        chapter: "08-graceful-shutdown",
        probe: Probe::Stop,
    },
    About {
        name: "never-ends",
        severity: Severity::Error,
        title: "your program hears the signal and does not end",
        explanation: "Its handler ran, and three times the grace period were not enough. Something is waited for that \
            does not come: a connection that nobody closes, a thread that nobody tells, a handler that only sets a flag \
            which nobody reads. Give the drain a deadline.",
        chapter: "08-graceful-shutdown",
        probe: Probe::Stop,
    },
    About {
        name: "handler-late",
        severity: Severity::Warning,
        title: "a stop while the container starts is lost",
        explanation: "Until the handler is installed the kernel drops the signal at PID 1, and the engine sends it only \
            once. Install the handler first of all, before configuration, caches and connections. With --init the \
            signal ends the program at once in that time, and nothing is lost by that.",
        chapter: "02-pid1",
        probe: Probe::Early,
    },
];

/// Looks for them.
pub fn find(case: &Case) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(stop) = case.stop().filter(|stop| stop.traced() && stop.killed()) {
        found.extend(slow(case, stop));
    }
    found.extend(early(case));
    found
}

/// The worker heard it and was still at work.
fn slow(case: &Case, stop: &Observation) -> Option<Finding> {
    let worker = stop
        .workers()
        .into_iter()
        .find(|worker| stop.heard(worker.pid) && !stop.drained(worker.pid))?;
    // One that raised the signal again, to die of it, has been told apart.
    if raised(stop, stop.signal?).is_some() {
        return None;
    }
    let (event, arrival) = stop.told(worker.pid)?;
    let told = format!(
        "{}: {} to {}: its handler ran",
        when(stop, event),
        arrival.signal,
        who(worker)
    );
    let longer = case.results.longer.as_ref()?;
    let mut evidence = vec![whole(worker), told, end(stop)];
    if longer.killed() {
        evidence.push(format!("nor did it end within {:.0} s", longer.grace));
        return Some(ABOUT[1].found(evidence));
    }
    evidence.push(format!(
        "with {:.0} s of grace it ended after {:.1} s, with {}",
        longer.grace, longer.seconds, longer.code?
    ));
    let enough = (longer.seconds * 1.5).ceil() as u64 + 1;
    let text = format!("give it {enough} s");
    let option = Fix::option(&text, &["--stop-timeout", &enough.to_string()]);
    Some(ABOUT[0].found(evidence).mended_by([option]))
}

/// No program has its handlers at once: seconds that every one may take, on a busy machine too.
const SOON: f64 = 0.25;

/// The signal was lost at some moment of the start.
fn early(case: &Case) -> Option<Finding> {
    let lost = case
        .results
        .early
        .iter()
        .find(|moment| moment.code.is_none() && moment.after >= SOON)?;
    let stop = case.stop()?;
    let first = format!(
        "sent {:.2} s after the start, {} was lost: the container went on",
        lost.after, stop.signal?
    );
    let ready = format!(
        "it is ready after {:.2} s, and then ends within {:.1} s",
        case.results.ready, stop.seconds
    );
    let init = Fix::option("let an init be PID 1: no signal is lost", &["--init"]);
    Some(ABOUT[2].found(vec![first, ready]).mended_by([init]))
}
