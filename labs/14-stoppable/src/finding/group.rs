//! More than one process: who is told, who is awaited, who is reaped.

use super::about::{About, Finding, Severity};
use super::case::{Case, first_gone, unfinished, when, who, whole};
use super::fix::Fix;
use crate::probe::observation::{Observation, init, shell};
use crate::probe::plan::Probe;
use crate::trace::event::{End, Outcome};

/// What is found here.
pub const ABOUT: &[About] = &[
    About {
        name: "children-not-told",
        severity: Severity::Error,
        title: "PID 1 ends on the signal without telling its children, and the kernel kills them",
        explanation: "When PID 1 ends, the kernel sends SIGKILL to everybody in its PID namespace. A child that was \
            not told cannot finish. PID 1 has to pass the signal on, to each child or to their process groups, and to \
            wait for all of them. An init passes it to its one child only; behind a shell that is not your program.",
        chapter: "06-init",
        probe: Probe::Stop,
    },
    About {
        name: "group-not-awaited",
        severity: Severity::Error,
        title: "PID 1 tells the others and ends before they have finished",
        explanation: "tini -g and dumb-init send the signal to the whole group, but end with their first child; the \
            kernel kills who still drains. PID 1 has to wait until wait(2) says that there are no children left.",
        chapter: "06-init",
        probe: Probe::Stop,
    },
    About {
        name: "fast-not-graceful",
        severity: Severity::Warning,
        title: "your program is ended by the signal's default action: fast, and nothing is finished",
        explanation: "Behind an init your program is an ordinary process, and SIGTERM ends it wherever it is. If it has \
            anything to finish, it needs a handler. If it has not, leave it so.",
        chapter: "08-graceful-shutdown",
        probe: Probe::Stop,
    },
    About {
        name: "zombies",
        severity: Severity::Warning,
        title: "PID 1 does not reap: zombies pile up",
        explanation: "Every process whose parent ends is given to PID 1, which has to wait for it. If it does not, the \
            zombie keeps its place in the process table until the container ends, or the pids limit is reached. Run it \
            behind an init: docker run --init.",
        chapter: "06-init",
        probe: Probe::Crash,
    },
    About {
        name: "two-inits",
        severity: Severity::Warning,
        title: "an init runs an init",
        explanation: "The image brings an init, and --init puts another one before it. The second is not PID 1: orphans \
            pass it by, and tini warns on each start. Leave one of the two away.",
        chapter: "06-init",
        probe: Probe::Stop,
    },
];

/// Looks for them.
pub fn find(case: &Case) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(stop) = case.stop().filter(|stop| stop.traced()) {
        if !stop.killed() {
            found.extend(untold(stop));
            found.extend(unawaited(stop));
            found.extend(fast(stop));
        }
        found.extend(inits(case, stop));
    }
    found.extend(zombies(case));
    found
}

/// Left behind at the end of PID 1 and not told; a shell counts only when nobody else is left.
fn untold(stop: &Observation) -> Option<Finding> {
    if !stop.heard(1) {
        return None;
    }
    let workers = stop.workers();
    let left = stop.left();
    let works = |pid: i32| pid != 1 && workers.iter().any(|worker| worker.pid == pid);
    let untold = left
        .iter()
        .find(|process| works(process.pid) && stop.told(process.pid).is_none())?;
    let gone = first_gone(stop);
    let first = stop.first().map(whole).unwrap_or_default();
    let killed = format!("{} got no signal, and the kernel killed it", whole(untold));
    Some(ABOUT[0].found(vec![first, gone, killed]))
}

/// Told, and not awaited, by somebody who is no shell.
fn unawaited(stop: &Observation) -> Option<Finding> {
    let first = stop.first().filter(|first| !shell(first))?;
    let left = stop
        .left()
        .into_iter()
        .find(|process| process.pid != 1 && stop.heard(process.pid))?;
    Some(ABOUT[1].found(unfinished(stop, first, left)?))
}

/// A worker ended by the default action.
fn fast(stop: &Observation) -> Option<Finding> {
    let signal = stop.signal?;
    let ended = stop
        .workers()
        .into_iter()
        .filter(|worker| worker.pid != 1)
        .find_map(|worker| {
            let by = |outcome: Outcome| outcome == Outcome::Ends;
            let (event, _) = stop
                .arrivals(worker.pid)
                .find(|(_, arrival)| by(arrival.outcome) && arrival.signal == signal)?;
            let own = stop.heard(worker.pid);
            (!own
                && stop
                    .exit(worker.pid)
                    .is_some_and(|(_, end)| end == End::Killed(signal)))
            .then_some((worker, event))
        });
    let (worker, event) = ended?;
    let line = format!(
        "{}: {signal} to {}: no handler, the default action ended it",
        when(stop, event),
        who(worker)
    );
    Some(ABOUT[2].found(vec![whole(worker), line]))
}

/// Zombies that are there, or an orphan of ours that nobody reaped.
fn zombies(case: &Case) -> Option<Finding> {
    let observations = [
        case.results.stop.as_ref(),
        case.results
            .crash
            .as_ref()
            .and_then(|crash| crash.observation.as_ref()),
    ];
    let dead = observations.into_iter().flatten().find_map(|seen| {
        let dead: Vec<String> = seen
            .before
            .iter()
            .filter(|process| process.zombie() && process.parent == 1)
            .map(who)
            .collect();
        (!dead.is_empty()).then_some(dead)
    });
    let init = || Fix::option("let an init reap", &["--init"]);
    if let Some(dead) = dead {
        let shown = dead.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        let line = format!(
            "{} zombies, children of PID 1: {shown}{}",
            dead.len(),
            if dead.len() > 3 { " ..." } else { "" }
        );
        return Some(ABOUT[3].found(vec![line]).mended_by([init()]));
    }
    let crash = case.results.crash.as_ref()?;
    if crash.reaped != Some(false) {
        return None;
    }
    let line =
        "an orphan that stoppable made and ended is still a zombie after half a second".to_owned();
    Some(ABOUT[3].found(vec![line]).only(Severity::Note))
}

/// PID 1 and its child are both inits.
fn inits(case: &Case, stop: &Observation) -> Option<Finding> {
    let first = stop.first().filter(|first| init(first))?;
    let second = stop
        .before
        .iter()
        .find(|process| process.parent == 1 && process.pid != 1 && init(process))?;
    let asked = case
        .patient
        .run
        .options
        .iter()
        .any(|option| option == "--init");
    let mut evidence = vec![whole(first), whole(second)];
    if asked {
        evidence.push("--init was given, and the image brings an init of its own".into());
    }
    Some(ABOUT[4].found(evidence))
}
