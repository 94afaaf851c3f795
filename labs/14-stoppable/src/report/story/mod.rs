//! What happened as a story: who did what to whom, in which order. What is drawn, and the same in words.

mod connections;
mod containers;
mod extra;
mod order;
mod processes;
mod words;

use crate::probe::observation::Observation;
use crate::trace::event::{End, Outcome, What};
use crate::trace::set::Sig;

pub use containers::{Container, watched};
pub use extra::Extra;
pub use words::words;
pub(super) use words::{end_word, outcome_word};

/// What is drawn: the same for a report and for a page of the book.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Story {
    /// One for each process or connection, from the left.
    pub lanes: Vec<Lane>,
    /// What happened, in order.
    pub beats: Vec<Beat>,
    /// The grace period, if it was used up.
    pub grace: Option<Grace>,
}

/// A grace period that was used up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grace {
    /// By whom.
    pub lane: usize,
    /// How long it was.
    pub seconds: f64,
}

/// A column of the drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Its container, where there is more than one.
    pub container: String,
    /// What it is the life of.
    pub of: Of,
    /// What that is called.
    pub name: String,
}

/// What a lane is the life of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// A process, with its pid in its container.
    Process(i32),
    /// A TCP connection to one of the container's ports.
    Connection,
    /// A whole container, of which only its engine tells.
    Container,
}

impl Lane {
    /// Whether its end is the end of its container.
    pub fn main(&self) -> bool {
        matches!(self.of, Of::Process(1) | Of::Container)
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Beat {
    /// Seconds after the first one.
    pub at: f64,
    /// To whom.
    pub who: Who,
    /// What.
    pub what: Act,
}

/// Who does something, or to whom it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Everybody outside of the containers.
    Client,
    /// The kernel itself (a terminal's Ctrl-C, a broken pipe, a fault).
    Kernel,
    /// The lane with this index.
    Lane(usize),
}

/// What can happen.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// A signal came from there, and this came of it.
    Signal(Sig, Who, Outcome),
    /// The engine sent a signal; what came of it nobody saw.
    Told(Sig),
    /// A container starts.
    Start,
    /// A connection is made.
    Open,
    /// A connection is closed, by either side.
    Close,
    /// A connection is cut off by the end of its container.
    CutOff,
    /// It ended by itself, or was killed.
    End(End),
    /// The kernel ended it together with PID 1.
    Killed,
    /// Requests got no answer, so many, until then.
    Lost(usize, f64),
    /// Something that somebody outside found out.
    Note(String),
}

/// More lanes than this nobody reads.
const LANES: usize = 7;

/// Makes the story of one stop.
pub fn story(stop: &Observation) -> Story {
    let living = stop.before.iter().filter(|process| !process.zombie());
    let lanes: Vec<_> = living
        .map(|process| (process.pid, process.name.clone()))
        .take(LANES)
        .collect();
    let events = stop.events.iter();
    let beats = processes::beats(
        events.filter(|event| event.at >= stop.sent - 0.25),
        &lanes,
        0,
    );
    let beat = |(at, who, what): (f64, Who, Act)| Beat {
        at: (at - stop.sent).max(0.0),
        who,
        what,
    };
    Story {
        lanes: processes::columns(&lanes, ""),
        beats: beats.into_iter().map(beat).collect(),
        grace: stop.killed().then_some(Grace {
            lane: 0,
            seconds: stop.grace,
        }),
    }
}

/// That a child has ended is no news for who reads of a stop, nor is that a terminal has another size, which nobody cares for.
fn shown(what: &What) -> bool {
    match what {
        What::Signal(arrival) => {
            let size = arrival.signal == Sig::WINCH && arrival.outcome == Outcome::Ignored;
            arrival.signal != Sig::CHLD && !size
        }
        _ => false,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A lane of a process.
    pub fn process(pid: i32, name: &str) -> Lane {
        Lane {
            container: String::new(),
            of: Of::Process(pid),
            name: name.into(),
        }
    }

    /// A shell that drops SIGTERM, and is killed with its app.
    pub fn story() -> Story {
        let beat = |at, lane, what| Beat {
            at,
            who: Who::Lane(lane),
            what,
        };
        Story {
            lanes: vec![process(1, "sh"), process(7, "<app> & co")],
            beats: vec![
                beat(
                    0.1,
                    0,
                    Act::Signal(Sig::TERM, Who::Client, Outcome::Dropped),
                ),
                beat(2.1, 0, Act::End(End::Killed(Sig::KILL))),
                beat(2.1, 1, Act::Killed),
            ],
            grace: Some(Grace {
                lane: 0,
                seconds: 2.0,
            }),
        }
    }
}
