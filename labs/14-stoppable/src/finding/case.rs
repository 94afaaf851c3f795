//! Everything that a finding may look at.

use crate::probe::observation::{Observation, shell};
use crate::probe::patient::Patient;
use crate::probe::plan::Results;
use crate::trace::event::Event;
use crate::trace::process::Process;

use super::dockerfile::Sources;

/// One examined image.
pub struct Case<'a> {
    /// What was examined.
    pub patient: &'a Patient,
    /// What the experiments showed.
    pub results: &'a Results,
    /// The Dockerfile and its folder, if they are at hand.
    pub sources: Option<&'a Sources>,
}

impl Case<'_> {
    /// The stop, if it was made.
    pub fn stop(&self) -> Option<&Observation> {
        self.results.stop.as_ref()
    }
}

/// A process, for evidence: `PID 7 (app)`.
pub fn who(process: &Process) -> String {
    format!("PID {} ({})", process.pid, process.name)
}

/// A process with its command line.
pub fn whole(process: &Process) -> String {
    let words: Vec<String> = process.command.iter().map(|word| quoted(word)).collect();
    format!("PID {} is {}", process.pid, words.join(" "))
}

/// A word as one would type it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// When something happened, counted from the signal.
pub fn when(observation: &Observation, event: &Event) -> String {
    format!("{:+.3} s", event.at - observation.sent)
}

/// PID 1, if it is a shell.
pub fn shell_first(observation: &Observation) -> Option<&Process> {
    observation.first().filter(|first| shell(first))
}

/// When PID 1 ended.
pub fn first_gone(stop: &Observation) -> String {
    let at = stop.exit(1).map(|(at, _)| at - stop.sent);
    at.map_or_else(String::new, |at| format!("{at:+.3} s: PID 1 ended"))
}

/// PID 1 ended while `left`, which had been told, was still at work.
pub fn unfinished(stop: &Observation, first: &Process, left: &Process) -> Option<Vec<String>> {
    let (event, arrival) = stop.told(left.pid)?;
    Some(vec![
        whole(first),
        format!(
            "{}: {} to {}: its handler ran",
            when(stop, event),
            arrival.signal,
            who(left)
        ),
        first_gone(stop),
        format!("{} was still at work, and the kernel killed it", who(left)),
    ])
}
