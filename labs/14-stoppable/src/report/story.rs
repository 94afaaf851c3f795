//! A stop as a story: who did what to whom, in which order. What is drawn, and the same in words.

use std::collections::BTreeMap;

use crate::probe::observation::{Observation, heard};
use crate::trace::event::{End, Event, Outcome, What};
use crate::trace::set::Sig;

/// What is drawn: the same for a report and for a page of the book.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Story {
    /// Lanes from the top: pid, and what it is called.
    pub lanes: Vec<(i32, String)>,
    /// What happened, in order.
    pub beats: Vec<Beat>,
    /// The grace period, if it was used up.
    pub grace: Option<f64>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Beat {
    /// Seconds after the signal.
    pub at: f64,
    /// Whose lane; 0 is the client's.
    pub pid: i32,
    /// What.
    pub what: Act,
}

/// In the place of the pid of who sent a signal: the kernel itself (a terminal's Ctrl-C, a broken pipe, a fault).
pub const KERNEL: i32 = -1;

/// What can happen in a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A signal came from this lane (0 the client's) or from the [`KERNEL`], and this came of it.
    Signal(Sig, i32, Outcome),
    /// It ended by itself, or was killed.
    End(End),
    /// The kernel ended it together with PID 1.
    Killed,
}

/// Makes the story of one stop.
pub fn story(stop: &Observation) -> Story {
    let living = stop.before.iter().filter(|process| !process.zombie());
    let lanes: Vec<_> = living
        .map(|process| (process.pid, process.name.clone()))
        .take(LANES)
        .collect();
    let since = |event: &&Event| event.at >= stop.sent - 0.25;
    Story {
        beats: beats(stop.events.iter().filter(since), stop.sent, &lanes),
        lanes,
        grace: stop.killed().then_some(stop.grace),
    }
}

/// Makes the story of a container that somebody else worked with while it was watched. It begins with the first signal.
pub fn watched(events: &[Event]) -> Story {
    let names = names(events);
    let takes_part = |pid: i32| {
        events.iter().any(|event| match &event.what {
            What::Signal(arrival) => {
                shown(arrival.signal)
                    && (event.pid == pid || arrival.sender.is_some_and(|sender| sender.pid == pid))
            }
            What::Exit { end, left } => {
                (event.pid == pid && matches!(end, End::Killed(_)))
                    || left.iter().any(|process| process.pid == pid)
            }
            _ => false,
        })
    };
    let lanes: Vec<_> = names
        .into_iter()
        .filter(|(pid, _)| *pid == 1 || takes_part(*pid))
        .map(|(pid, name)| (pid, known_as(name)))
        .take(LANES)
        .collect();
    let begins = |event: &&Event| match &event.what {
        What::Signal(arrival) => shown(arrival.signal),
        What::Exit { .. } => event.pid == 1,
        _ => false,
    };
    let begin = events.iter().find(begins).map_or(0.0, |event| event.at);
    let since = |event: &&Event| event.at >= begin;
    let beats = beats(events.iter().filter(since), begin, &lanes);
    // Told by somebody outside, and ended by a SIGKILL that came seconds later: that is what a grace period is.
    let told = beats
        .iter()
        .find(|beat| beat.pid == 1 && matches!(beat.what, Act::Signal(_, 0, _)));
    let grace = beats
        .iter()
        .find(|beat| beat.pid == 1 && beat.what == Act::End(End::Killed(Sig::KILL)))
        .and_then(|end| Some(end.at - told?.at))
        .filter(|seconds| *seconds > 0.5)
        // Whole seconds were asked for; a busy machine takes longer, and our two clocks are not one.
        .map(|seconds| (seconds + 0.2).floor().max(1.0));
    Story {
        lanes,
        beats,
        grace,
    }
}

/// Each engine's own init has another name, and the same work.
fn known_as(name: String) -> String {
    match name.as_str() {
        "docker-init" | "podman-init" => "init".into(),
        _ => name,
    }
}

/// The last name that each process has had.
fn names(events: &[Event]) -> BTreeMap<i32, String> {
    let mut names = BTreeMap::new();
    let mut put = |pid: i32, name: &str| {
        if !name.is_empty() {
            names.insert(pid, name.to_owned());
        }
    };
    for event in events {
        put(event.pid, &event.name);
        if let What::Processes { processes, .. }
        | What::Exit {
            left: processes, ..
        } = &event.what
        {
            processes
                .iter()
                .for_each(|process| put(process.pid, &process.name));
        }
    }
    names
}

/// That a child has ended is no news for who reads of a stop.
fn shown(signal: Sig) -> bool {
    signal != Sig::CHLD
}

/// What happens in the lanes.
fn beats<'a>(
    events: impl Iterator<Item = &'a Event>,
    begin: f64,
    lanes: &[(i32, String)],
) -> Vec<Beat> {
    let lane = |pid: i32| lanes.iter().any(|(known, _)| *known == pid);
    let mut beats = Vec::new();
    let mut ended = Vec::new();
    for event in events.filter(|event| lane(event.pid)) {
        let at = (event.at - begin).max(0.0);
        match &event.what {
            What::Signal(arrival) if shown(arrival.signal) => {
                let from = match arrival.sender {
                    Some(sender) if lane(sender.pid) => sender.pid,
                    Some(sender) if sender.code > 0 => KERNEL,
                    _ => 0,
                };
                let act = Act::Signal(arrival.signal, from, arrival.outcome);
                if matches!(arrival.outcome, Outcome::SigWait | Outcome::SignalFd) {
                    // Whether it was seen to wait before it was fetched is chance.
                    let waited = |beat: &Beat| {
                        beat.pid == event.pid
                            && matches!(beat.what, Act::Signal(signal, _, Outcome::Blocked)
                                if signal == arrival.signal)
                    };
                    beats.retain(|beat| !waited(beat));
                }
                beats.push(Beat {
                    at,
                    pid: event.pid,
                    what: act,
                });
            }
            What::Exit { end, left } => {
                beats.push(Beat {
                    at,
                    pid: event.pid,
                    what: Act::End(*end),
                });
                ended.push(event.pid);
                for process in left {
                    if lane(process.pid) && !ended.contains(&process.pid) {
                        beats.push(Beat {
                            at,
                            pid: process.pid,
                            what: Act::Killed,
                        });
                        ended.push(process.pid);
                    }
                }
            }
            _ => {}
        }
    }
    beats
}

/// More lanes than this nobody reads.
const LANES: usize = 7;

impl Story {
    /// What must be the same whenever it happens again: what comes to each process, in its order. Who of two processes
    /// is first is left to chance, and so are pids.
    pub fn order(&self) -> Vec<String> {
        let lane = |(pid, name): &(i32, String)| {
            let own = self.beats.iter().filter(|beat| beat.pid == *pid);
            let acts: Vec<String> = own.map(|beat| self.act(&beat.what)).collect();
            format!("{name}: {}", acts.join(", "))
        };
        let mut lines: Vec<String> = self.lanes.iter().map(lane).collect();
        // How long it took on a busy machine is no part of the order.
        lines.extend(self.grace.map(|_| "a grace period is used up".to_owned()));
        lines
    }

    fn act(&self, what: &Act) -> String {
        let name = |pid: i32| {
            let lane = self.lanes.iter().find(|(known, _)| *known == pid);
            lane.map_or(outsider(pid), |(_, name)| name)
        };
        match what {
            Act::Signal(signal, from, outcome) => {
                // How a program fetches its signals is its own affair: the inits of two engines do it in two ways.
                let outcome = match heard(*outcome) {
                    true => "heard",
                    false => outcome_word(*outcome),
                };
                format!("{signal} from {} {outcome}", name(*from))
            }
            Act::End(end) => end_word(*end),
            Act::Killed => "killed with PID 1".into(),
        }
    }
}

/// Who has no lane among the processes.
fn outsider(pid: i32) -> &'static str {
    if pid == KERNEL { "kernel" } else { "client" }
}

/// In a word.
pub(super) fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Handler => "handler",
        Outcome::Ends => "ends it",
        Outcome::Stops => "stops it",
        Outcome::Ignored => "ignored",
        Outcome::Continues => "continues",
        Outcome::Dropped => "dropped",
        Outcome::Blocked => "blocked",
        Outcome::SigWait => "sigwait",
        Outcome::SignalFd => "signalfd",
    }
}

/// In a word.
pub(super) fn end_word(end: End) -> String {
    match end {
        End::Code(code) => format!("exit {code}"),
        End::Killed(signal) => signal.to_string(),
    }
}

/// The same in words.
pub fn words(story: &Story) -> String {
    let name = |pid: i32| match story.lanes.iter().find(|(known, _)| *known == pid) {
        Some((pid, name)) => format!("PID {pid} ({name})"),
        None => format!("the {}", outsider(pid)),
    };
    let mut sentences = Vec::new();
    for beat in &story.beats {
        sentences.push(match &beat.what {
            Act::Signal(signal, from, outcome) => {
                format!(
                    "{} sends {signal} to {}: {}.",
                    name(*from),
                    name(beat.pid),
                    outcome_word(*outcome)
                )
            }
            Act::End(End::Code(code)) => format!("{} ends with {code}.", name(beat.pid)),
            Act::End(End::Killed(signal)) => format!("{} is ended by {signal}.", name(beat.pid)),
            Act::Killed => format!("The kernel kills {}.", name(beat.pid)),
        });
    }
    if let Some(grace) = story.grace {
        sentences.push(format!(
            "The whole grace period of {grace:.0} seconds is used up."
        ));
    }
    sentences
        .iter()
        .map(|sentence| capital(sentence))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A sentence begins with a capital.
fn capital(sentence: &str) -> String {
    let mut rest = sentence.chars();
    let first = rest.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(rest).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A shell that drops SIGTERM, and is killed with its app.
    pub fn story() -> Story {
        let beat = |at, pid, what| Beat { at, pid, what };
        Story {
            lanes: vec![(1, "sh".into()), (7, "<app> & co".into())],
            beats: vec![
                beat(0.1, 1, Act::Signal(Sig::TERM, 0, Outcome::Dropped)),
                beat(2.1, 1, Act::End(End::Killed(Sig::KILL))),
                beat(2.1, 7, Act::Killed),
            ],
            grace: Some(2.0),
        }
    }

    #[test]
    fn the_same_is_said_in_words() {
        let said = "The client sends SIGTERM to PID 1 (sh): dropped. PID 1 (sh) is ended by SIGKILL. The kernel kills \
                    PID 7 (<app> & co). The whole grace period of 2 seconds is used up.";
        assert_eq!(words(&story()), said);
    }

    #[test]
    fn how_long_a_grace_period_took_is_no_part_of_the_order() {
        let after = |seconds: f64| {
            let sender = crate::trace::sender::Sender {
                code: 0,
                pid: 0,
                uid: 0,
            };
            let arrival = crate::trace::event::Arrival {
                signal: Sig::TERM,
                sender: Some(sender),
                disposition: crate::trace::event::Disposition::Default,
                blocked: crate::trace::set::Set(0),
                pending: crate::trace::set::Set(0),
                outcome: Outcome::Dropped,
            };
            let end = What::Exit {
                end: End::Killed(Sig::KILL),
                left: Vec::new(),
            };
            let event = |at, what| Event {
                at,
                pid: 1,
                name: "app".into(),
                what,
            };
            watched(&[event(1.0, What::Signal(arrival)), event(1.0 + seconds, end)])
        };
        let graces: Vec<_> = [0.01, 0.99, 1.0, 1.7, 2.01]
            .map(|seconds| after(seconds).grace)
            .into();
        assert_eq!(graces, [None, Some(1.0), Some(1.0), Some(1.0), Some(2.0)]);
        assert_eq!(after(0.99).order(), after(2.01).order());
        assert_ne!(after(0.99).order(), after(0.01).order());
    }
}
