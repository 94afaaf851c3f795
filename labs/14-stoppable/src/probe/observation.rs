//! What one experiment showed.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::trace::event::{Arrival, End, Event, Outcome, What};
use crate::trace::process::Process;
use crate::trace::set::Sig;

/// What one container did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Observation {
    /// The experiment.
    pub probe: &'static str,
    /// What was sent to PID 1.
    pub signal: Option<Sig>,
    /// When, on the tracer's clock.
    pub sent: f64,
    /// The processes just before.
    pub before: Vec<Process>,
    /// What the tracer saw.
    pub events: Vec<Event>,
    /// The exit code; `None` when it was still running when the experiment was over.
    pub code: Option<i32>,
    /// Seconds from the signal to the end, or to the end of patience.
    pub seconds: f64,
    /// How long it was given.
    pub grace: f64,
    /// Why nothing was traced; `None` when it was.
    pub untraced: Option<String>,
    /// The last lines that it printed.
    pub logs: Vec<String>,
}

/// Programs that run others and pass no signal on by themselves.
const SHELLS: [&str; 7] = ["sh", "dash", "bash", "ash", "zsh", "ksh", "mksh"];
/// Programs whose only work is to be PID 1.
const INITS: [&str; 9] = [
    "tini",
    "tini-static",
    "dumb-init",
    "catatonit",
    "docker-init",
    "podman-init",
    "s6-svscan",
    "runit",
    "06-init",
];
/// Programs that scripts wait with, or pass text through: not what a container is for.
const AIDS: [&str; 10] = [
    "sleep",
    "tail",
    "tee",
    "cat",
    "grep",
    "sed",
    "awk",
    "logger",
    "head",
    "inotifywait",
];

/// The last part of a path.
fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// What a process is known as: an applet of busybox by the applet's name.
pub fn program(process: &Process) -> &str {
    let first = process
        .command
        .first()
        .map_or("", |word| base(word))
        .trim_start_matches('-');
    let known = if process.program.is_empty() {
        &process.name
    } else {
        &process.program
    };
    match base(known) {
        "busybox" if first == "busybox" => {
            process.command.get(1).map_or("busybox", |word| base(word))
        }
        "busybox" => first,
        other => other,
    }
}

/// Is it a shell?
pub fn shell(process: &Process) -> bool {
    SHELLS.contains(&program(process))
}

/// Is it a program whose only work is to be PID 1?
pub fn init(process: &Process) -> bool {
    // The init of an engine is told by the name that it has given itself.
    INITS.contains(&program(process)) || INITS.contains(&process.name.as_str())
}

/// Is it a program that scripts wait with?
pub fn aid(process: &Process) -> bool {
    AIDS.contains(&program(process))
}

impl Observation {
    /// A process as it was before.
    pub fn process(&self, pid: i32) -> Option<&Process> {
        self.before.iter().find(|process| process.pid == pid)
    }

    /// PID 1 as it was before.
    pub fn first(&self) -> Option<&Process> {
        self.process(1)
    }

    /// Was it traced?
    pub fn traced(&self) -> bool {
        self.untraced.is_none() && !self.events.is_empty()
    }

    /// The processes that do the container's work.
    pub fn workers(&self) -> Vec<&Process> {
        let alive = || self.before.iter().filter(|process| !process.zombie());
        let works = |process: &&Process| !shell(process) && !init(process) && !aid(process);
        let found: Vec<&Process> = alive().filter(works).collect();
        if !found.is_empty() {
            return found;
        }
        // A shell with a trap that only sleeps in between is its own worker.
        let traps = |process: &&Process| {
            process.pid == 1
                && shell(process)
                && self.signal.is_some_and(|signal| process.caught.has(signal))
        };
        if let Some(own) = alive().find(traps) {
            return vec![own];
        }
        let others: Vec<&Process> = alive()
            .filter(|process| process.pid != 1 && !shell(process))
            .collect();
        if !others.is_empty() {
            return others;
        }
        // A shell on its own is its own worker.
        alive()
            .filter(|process| process.pid == 1 && !init(process))
            .collect()
    }

    /// The arrivals at a process since the signal was sent.
    pub fn arrivals(&self, pid: i32) -> impl Iterator<Item = (&Event, &Arrival)> {
        let since = self.since();
        self.events
            .iter()
            .filter_map(move |event| match &event.what {
                What::Signal(arrival) if event.pid == pid && event.at >= since => {
                    Some((event, arrival))
                }
                _ => None,
            })
    }

    /// Signals by which a process is told to end.
    pub fn told(&self, pid: i32) -> Option<(&Event, &Arrival)> {
        let asks = |signal: Sig| {
            Some(signal) == self.signal
                || [Sig::TERM, Sig::INT, Sig::QUIT, Sig::HUP].contains(&signal)
        };
        self.arrivals(pid).find(|(_, arrival)| asks(arrival.signal))
    }

    /// What came of the signal at PID 1; a blocked one that was fetched later was fetched.
    pub fn outcome(&self) -> Option<Outcome> {
        let signal = self.signal?;
        let outcomes: Vec<Outcome> = self
            .arrivals(1)
            .filter(|(_, arrival)| arrival.signal == signal)
            .map(|(_, arrival)| arrival.outcome)
            .collect();
        outcomes
            .iter()
            .find(|outcome| heard(**outcome))
            .or(outcomes.first())
            .copied()
    }

    /// Did a process hear of it: its handler ran, or it fetched the signal?
    pub fn heard(&self, pid: i32) -> bool {
        self.arrivals(pid)
            .any(|(_, arrival)| heard(arrival.outcome) && arrival.signal != Sig::CHLD)
    }

    /// The end of a process, if it came before PID 1's.
    pub fn exit(&self, pid: i32) -> Option<(f64, End)> {
        let since = self.since();
        self.events.iter().find_map(|event| match event.what {
            What::Exit { end, .. } if event.pid == pid && event.at >= since => {
                Some((event.at, end))
            }
            _ => None,
        })
    }

    /// Who was left when PID 1 ended, to be killed by the kernel.
    pub fn left(&self) -> Vec<&Process> {
        let left = self.events.iter().find_map(|event| match &event.what {
            What::Exit { left, .. } if event.pid == 1 => Some(left),
            _ => None,
        });
        let ended: BTreeSet<i32> = self
            .events
            .iter()
            .filter(|event| event.pid != 1)
            .filter_map(|event| match event.what {
                What::Exit {
                    end: End::Code(_), ..
                } => Some(event.pid),
                _ => None,
            })
            .collect();
        left.into_iter()
            .flatten()
            .filter(|process| !ended.contains(&process.pid))
            .collect()
    }

    /// Did the grace period run out, so that only SIGKILL ended it?
    pub fn killed(&self) -> bool {
        match self.code {
            None => true,
            Some(137) => {
                self.seconds >= self.grace && !matches!(self.exit(1), Some((_, End::Code(_))))
            }
            Some(_) => false,
        }
    }

    /// Did a process end by itself: with an exit code, or by a signal that it sent itself after its handler?
    pub fn drained(&self, pid: i32) -> bool {
        match self.exit(pid) {
            Some((_, End::Code(_))) => true,
            Some((_, End::Killed(signal))) => {
                let own =
                    |arrival: &Arrival| arrival.sender.is_some_and(|sender| sender.pid == pid);
                self.heard(pid)
                    && self
                        .arrivals(pid)
                        .any(|(_, arrival)| arrival.signal == signal && own(arrival))
            }
            None => false,
        }
    }

    /// A little earlier than the signal: the two clocks are compared across a pipe.
    fn since(&self) -> f64 {
        self.sent - 0.25
    }
}

/// Was the signal taken?
pub fn heard(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Handler | Outcome::SigWait | Outcome::SignalFd
    )
}
