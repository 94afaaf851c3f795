//! What no tracer sees, told by others in lines of JSON: what a load generator lost, what a balancer found out, and what an
//! engine did with containers on another machine.

use serde::Deserialize;

use super::{Act, Lane, Of, Who};
use crate::trace::event::End;
use crate::trace::set::Sig;

/// One line.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Extra {
    /// An event as `docker events --format '{{json .}}'` prints it.
    Engine {
        /// What was done: start, kill, die.
        #[serde(rename = "Action")]
        action: String,
        /// With what.
        #[serde(rename = "Actor")]
        actor: Actor,
        /// When, in nanoseconds since 1970.
        #[serde(rename = "timeNano")]
        nanos: u64,
    },
    /// A request got no answer.
    Lost {
        /// Seconds since 1970.
        at: f64,
        /// How many.
        lost: usize,
    },
    /// Somebody found something out.
    Note {
        /// Seconds since 1970.
        at: f64,
        /// What.
        note: String,
    },
}

/// The container that an engine did something with.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Actor {
    /// Which.
    #[serde(rename = "ID")]
    id: String,
    /// Its name, the signal, the exit code, and its labels.
    #[serde(rename = "Attributes")]
    attributes: std::collections::BTreeMap<String, String>,
}

impl Extra {
    /// When it happened, in seconds since 1970.
    pub fn at(&self) -> f64 {
        match self {
            Extra::Engine { nanos, .. } => *nanos as f64 / 1e9,
            Extra::Lost { at, .. } | Extra::Note { at, .. } => *at,
        }
    }
}

/// A lane for each container of which only its engine tells, and what happened in it.
pub(super) fn containers(extra: &[Extra], first: usize) -> (Vec<Lane>, Vec<(f64, Who, Act)>) {
    let (mut known, mut lanes, mut beats): (Vec<&str>, Vec<Lane>, Vec<_>) = Default::default();
    let mut lines: Vec<&Extra> = extra.iter().collect();
    lines.sort_by(|one, other| one.at().total_cmp(&other.at()));
    for line in lines {
        let Extra::Engine { action, actor, .. } = line else {
            continue;
        };
        let number = |key: &str| actor.attributes.get(key)?.parse::<i32>().ok();
        let act = match action.as_str() {
            "start" => Act::Start,
            "kill" => Act::Told(Sig(number("signal").unwrap_or(Sig::KILL.0))),
            // 128 + N is what an engine makes of a signal.
            "die" => match number("exitCode").unwrap_or_default() {
                code @ 129..160 => Act::End(End::Killed(Sig(code - 128))),
                code => Act::End(End::Code(code)),
            },
            _ => continue,
        };
        let lane = known.iter().position(|id| *id == actor.id);
        let lane = lane.unwrap_or_else(|| {
            known.push(&actor.id);
            lanes.push(Lane {
                container: String::new(),
                of: Of::Container,
                name: short(
                    actor.attributes.get("name").map_or("", String::as_str),
                    &act,
                ),
            });
            lanes.len() - 1
        });
        beats.push((line.at(), Who::Lane(first + lane), act));
    }
    (lanes, beats)
}

/// Swarm calls a container SERVICE.SLOT.TASK. Which slot comes first is chance, and the task is a number that nobody reads;
/// whether it was there before is what counts.
fn short(name: &str, first: &Act) -> String {
    let parts: Vec<&str> = name.split('.').collect();
    match (&parts[..], first) {
        ([service, _, _], Act::Start) => format!("new {service}"),
        ([service, _, _], _) => format!("old {service}"),
        _ => name.to_owned(),
    }
}

/// Requests that are lost with less than this between them are one loss, in seconds.
const TOGETHER: f64 = 0.25;

/// What happened outside since `begin`. Requests that are lost one after the other are one thing, however many there are.
pub(super) fn outside(extra: &[Extra], begin: f64) -> Vec<(f64, Who, Act)> {
    let since = || extra.iter().filter(|line| line.at() >= begin);
    let note = |line: &Extra| match line {
        Extra::Note { at, note } => Some((*at, Who::Client, Act::Note(note.clone()))),
        _ => None,
    };
    let mut beats: Vec<_> = since().filter_map(note).collect();
    let mut lost: Vec<(f64, usize)> = since()
        .filter_map(|line| match line {
            Extra::Lost { at, lost } => Some((*at, *lost)),
            _ => None,
        })
        .collect();
    lost.sort_by(|one, other| one.0.total_cmp(&other.0));
    for losses in lost.chunk_by(|one, other| other.0 - one.0 < TOGETHER) {
        if let (Some(first), Some(last)) = (losses.first(), losses.last()) {
            let count = losses.iter().map(|(_, count)| count).sum();
            beats.push((first.0, Who::Client, Act::Lost(count, last.0)));
        }
    }
    beats
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Extra {
        serde_json::from_str(line).unwrap()
    }

    #[test]
    fn what_others_tell_becomes_beats() {
        let engine = |action: &str, more: &str, nanos: u64| {
            read(&format!(
                r#"{{"status":"x","id":"a","Type":"container","Action":"{action}","Actor":{{"ID":"a","Attributes":{{"image":"i","name":"web.1.x0x"{more}}}}},"scope":"local","time":1,"timeNano":{nanos}}}"#
            ))
        };
        let extra = [
            engine("die", r#","exitCode":"137""#, 3_000_000_000),
            engine("kill", r#","signal":"15""#, 2_000_000_000),
            read(r#"{"at": 2.5, "lost": 1}"#),
            read(r#"{"at": 1.5, "lost": 9}"#),
            read(r#"{"at": 2.75, "lost": 2}"#),
            read(r#"{"at": 2.6, "lost": 4}"#),
            read(r#"{"at": 3.5, "note": "a is DOWN"}"#),
            read(r#"{"at": 9.5, "lost": 1}"#),
        ];
        let (lanes, beats) = containers(&extra, 4);
        assert_eq!(lanes.len(), 1);
        assert_eq!(lanes[0].name, "old web");
        let lane = Who::Lane(4);
        assert_eq!(
            beats,
            [
                (2.0, lane, Act::Told(Sig::TERM)),
                (3.0, lane, Act::End(End::Killed(Sig::KILL)))
            ]
        );
        assert_eq!(
            outside(&extra, 2.0),
            [
                (3.5, Who::Client, Act::Note("a is DOWN".into())),
                (2.5, Who::Client, Act::Lost(7, 2.75)),
                (9.5, Who::Client, Act::Lost(1, 9.5))
            ]
        );
    }
}
