//! Traps in scripts, and what shells do to their children's signals.

use super::about::{About, Finding, Severity};
use super::case::{Case, shell_first, unfinished, when, who, whole};
use super::deaf::end;
use crate::probe::observation::{Observation, shell};
use crate::probe::plan::Probe;
use crate::trace::event::Outcome;
use crate::trace::set::Sig;

/// What is found here.
pub const ABOUT: &[About] = &[
    About {
        name: "trap-behind-child",
        severity: Severity::Error,
        title: "the script's trap waits until its foreground command ends, which is never",
        explanation: "A shell runs a trap when the command in the foreground has ended (POSIX, 2.12). Start the program \
            in the background and wait: app & pid=$!; trap 'kill -TERM $pid' TERM; wait; then wait again, for its end. \
            If nothing is to be done afterwards, exec is better than any trap.",
        chapter: "05-entrypoint-script",
        probe: Probe::Stop,
    },
    About {
        name: "wait-returns-early",
        severity: Severity::Error,
        title: "the script ends before your program has finished, and the kernel kills it",
        explanation: "A trap interrupts wait, which returns at once with 128+N. A script that ends then is PID 1 that \
            ends, and the kernel kills everybody else in the PID namespace. Wait a second time, for the program's own \
            end, and exit with that status.",
        chapter: "05-entrypoint-script",
        probe: Probe::Stop,
    },
    About {
        name: "background-ignores-int",
        severity: Severity::Warning,
        title: "Ctrl-C does nothing: the shell made your program ignore SIGINT",
        explanation: "A non-interactive shell starts background commands with SIGINT and SIGQUIT ignored (POSIX, 2.11), \
            and an ignored signal stays ignored across exec. Pass SIGTERM on in their place.",
        chapter: "10-inheritance",
        probe: Probe::Interrupt,
    },
];

/// Looks for them.
pub fn find(case: &Case) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(stop) = case.stop().filter(|stop| stop.traced()) {
        found.extend(behind(stop));
        found.extend(early(stop));
    }
    if let Some(interrupt) = &case.results.interrupt {
        found.extend(background(interrupt));
    }
    found
}

/// A shell's handler ran, and its child was not told.
fn behind(stop: &Observation) -> Option<Finding> {
    if !stop.killed() {
        return None;
    }
    let deaf = stop
        .before
        .iter()
        .filter(|process| shell(process) && stop.heard(process.pid))
        .find_map(|process| {
            let child = stop
                .before
                .iter()
                .find(|child| child.parent == process.pid && !child.zombie())?;
            let idle = stop.told(child.pid).is_none()
                && stop
                    .exit(process.pid)
                    .is_none_or(|(at, _)| at > stop.sent + stop.grace - 0.5);
            idle.then_some((process, child))
        });
    let (script, child) = deaf?;
    let (event, arrival) = stop.told(script.pid)?;
    let trap = format!(
        "{}: {} to {}: it has a trap",
        when(stop, event),
        arrival.signal,
        who(script)
    );
    let waits = format!(
        "no signal came to its child {}, for which it waits",
        who(child)
    );
    Some(ABOUT[0].found(vec![whole(script), trap, waits, end(stop)]))
}

/// A shell passed the signal on and ended before the child that it told.
fn early(stop: &Observation) -> Option<Finding> {
    let script = shell_first(stop)?;
    if stop.killed() || !stop.heard(1) {
        return None;
    }
    let left = stop
        .left()
        .into_iter()
        .find(|process| stop.heard(process.pid))?;
    Some(ABOUT[1].found(unfinished(stop, script, left)?))
}

/// Ctrl-C came to a process that was made to ignore it.
fn background(interrupt: &Observation) -> Option<Finding> {
    let ignored = interrupt
        .before
        .iter()
        .filter(|process| process.pid != 1)
        .find_map(|process| {
            let parent = interrupt
                .process(process.parent)
                .filter(|parent| shell(parent))?;
            let ignores = process.ignored.has(Sig::INT) && process.ignored.has(Sig::QUIT);
            let came = interrupt.arrivals(process.pid).find(|(_, arrival)| {
                arrival.outcome == Outcome::Ignored && arrival.signal == Sig::INT
            })?;
            ignores.then_some((process, parent, came))
        });
    let (process, parent, (event, _)) = ignored?;
    let line = format!(
        "{}: SIGINT to {} was ignored",
        when(interrupt, event),
        who(process)
    );
    let why = format!(
        "SigIgn has SIGINT and SIGQUIT; its parent {} is a shell",
        who(parent)
    );
    Some(ABOUT[2].found(vec![whole(process), line, why]))
}
