//! What the exit code says, and to whom.

use super::about::{About, Finding, Severity};
use super::case::{Case, who, whole};
use crate::probe::observation::Observation;
use crate::probe::plan::Probe;
use crate::trace::event::End;

/// What is found here.
pub const ABOUT: &[About] = &[
    About {
        name: "exit-code-hidden",
        severity: Severity::Warning,
        title: "a crash of your program looks like success",
        explanation: "The container ended with 0 though the program in it was killed: a pipe reports its last command \
            (set -o pipefail), a script its own last line. on-failure restarts and Jobs never notice. Hand the status \
            on: exec, or wait \"$pid\"; exit $?.",
        chapter: "04-exit-codes",
        probe: Probe::Crash,
    },
    About {
        name: "constant-exit-code",
        severity: Severity::Warning,
        title: "the container's exit code is not your program's",
        explanation: "A wrapper that returns what the interrupted wait returned ends with 143 whatever happened. Wait \
            again for the program's own end, and exit with that.",
        chapter: "05-entrypoint-script",
        probe: Probe::Stop,
    },
    About {
        name: "exit-code-signal",
        severity: Severity::Note,
        title: "an orderly stop ends with a code above 128",
        explanation: "Some supervisors count 143 as a failure: systemd counts SIGTERM itself as success, but not the \
            number 143 of a container; Nomad, ECS and CI systems look at the number. End with 0 after an orderly stop, \
            or tell the supervisor (SuccessExitStatus=143, tini -e 143).",
        chapter: "04-exit-codes",
        probe: Probe::Stop,
    },
    About {
        name: "interrupt-not-handled",
        severity: Severity::Note,
        title: "Ctrl-C at docker run does nothing",
        explanation: "docker run passes SIGINT on, and your program handles only the stop signal. Handle SIGINT in the \
            same way, for who tries the image by hand.",
        chapter: "09-terminal",
        probe: Probe::Interrupt,
    },
];

/// Looks for them.
pub fn find(case: &Case) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(hidden(case));
    if let Some(stop) = case.stop().filter(|stop| stop.traced() && !stop.killed()) {
        found.extend(constant(stop));
        if let Some(code) = stop.code.filter(|code| *code > 128 && stop.heard(1)) {
            let drained = super::marks::marks(stop).drained == Some(true);
            if drained && found.is_empty() {
                found.push(ABOUT[2].found(vec![format!(
                    "the work drained, and the exit code is {code}"
                )]));
            }
        }
        if let Some(interrupt) = case
            .results
            .interrupt
            .as_ref()
            .filter(|interrupt| interrupt.code.is_none())
        {
            let line = format!(
                "SIGINT: still running after {:.1} s; {} ended it",
                interrupt.seconds,
                stop.signal
                    .map_or_else(String::new, |signal| signal.to_string())
            );
            found.push(ABOUT[3].found(vec![line]));
        }
    }
    found
}

/// The worker was killed, and the container ended with 0.
fn hidden(case: &Case) -> Option<Finding> {
    let crash = case.results.crash.as_ref()?;
    let seen = crash
        .observation
        .as_ref()
        .filter(|seen| seen.code == Some(0))?;
    let worker = seen.process(crash.worker?)?;
    let first = seen.first().map(whole).unwrap_or_default();
    let line = format!(
        "{} was killed by SIGKILL; the container ended with 0",
        whole(worker)
    );
    Some(ABOUT[0].found(vec![first, line]))
}

/// The worker ended by itself, and the container's code is another.
fn constant(stop: &Observation) -> Option<Finding> {
    let code = stop.code?;
    let [worker] = stop.workers()[..] else {
        return None;
    };
    let (at, own) = stop.exit(worker.pid).filter(|_| worker.pid != 1)?;
    let first = stop.exit(1).map_or(f64::MAX, |(at, _)| at);
    let expected = match own {
        End::Code(code) => code,
        End::Killed(signal) => 128 + signal.0,
    };
    if at > first || expected == code {
        return None;
    }
    let line = format!(
        "{} ended with {expected}, the container with {code}",
        who(worker)
    );
    Some(ABOUT[1].found(vec![stop.first().map(whole).unwrap_or_default(), line]))
}
