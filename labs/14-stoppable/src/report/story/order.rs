//! What must be the same whenever it happens again.

use super::words::{end_word, outcome_word};
use super::{Act, Lane, Of, Story, Who};
use crate::probe::observation::heard;

impl Story {
    /// What comes to each lane, in its order. Who of two processes is first is left to chance, and so are pids, numbers of
    /// lost requests, and times. What comes from outside has one order, too, where there is more than one container or
    /// somebody who finds something out: it is what such a picture is about.
    pub fn order(&self) -> Vec<String> {
        let lane = |(index, lane): (usize, &Lane)| {
            let own = self
                .beats
                .iter()
                .filter(|beat| beat.who == Who::Lane(index));
            let mut acts: Vec<String> = own.map(|beat| self.act(&beat.what)).collect();
            // How often a timer's signal comes before it is stopped is chance.
            acts.dedup_by(|next, act| next == act && act.contains(" from kernel "));
            format!("{}: {}", called(lane), acts.join(", "))
        };
        let mut lines: Vec<String> = self.lanes.iter().enumerate().map(lane).collect();
        // How long it took on a busy machine is no part of the order.
        lines.extend(self.grace.map(|_| "a grace period is used up".to_owned()));
        let lost = |what: &Act| matches!(what, Act::Lost(..));
        if self.beats.iter().any(|beat| lost(&beat.what)) {
            lines.push("requests are lost".into());
        }
        let mains = self.lanes.iter().filter(|lane| lane.main()).count();
        let notes = self
            .beats
            .iter()
            .any(|beat| matches!(beat.what, Act::Note(_)));
        if mains > 1 || notes {
            lines.push(format!("in this order: {}", self.outside().join(", ")));
        }
        lines
    }

    /// What comes to the containers from outside, how they end, and what somebody finds out.
    fn outside(&self) -> Vec<String> {
        let mut all = Vec::new();
        for beat in &self.beats {
            match (beat.who, &beat.what) {
                (Who::Client, Act::Note(note)) => all.push(note.clone()),
                (
                    Who::Lane(index),
                    what @ (Act::Signal(_, Who::Client, _)
                    | Act::Told(_)
                    | Act::Start
                    | Act::End(_)),
                ) if self.lanes[index].main() => {
                    all.push(format!("{} {}", called(&self.lanes[index]), self.act(what)));
                }
                _ => {}
            }
        }
        all
    }

    fn act(&self, what: &Act) -> String {
        let name = |who: &Who| match who {
            Who::Client => "client",
            Who::Kernel => "kernel",
            Who::Lane(index) => self.lanes[*index].name.as_str(),
        };
        match what {
            Act::Signal(signal, from, outcome) => {
                // How a program fetches its signals is its own affair: the inits of two engines do it in two ways.
                let outcome = match heard(*outcome) {
                    true => "heard",
                    false => outcome_word(*outcome),
                };
                format!("{signal} from {} {outcome}", name(from))
            }
            Act::Told(signal) => format!("{signal} from client"),
            Act::Start => "starts".into(),
            Act::Open => "opened".into(),
            Act::Close => "closed".into(),
            Act::CutOff => "cut off".into(),
            Act::End(end) => end_word(*end),
            Act::Killed => "killed with PID 1".into(),
            Act::Lost(..) => "lost".into(),
            Act::Note(note) => note.clone(),
        }
    }
}

/// A lane's name, with that of its container where there is more than one.
fn called(lane: &Lane) -> String {
    let name = match lane.of {
        Of::Connection => format!("connection {}", lane.name),
        Of::Process(_) | Of::Container => lane.name.clone(),
    };
    format!("{} {name}", lane.container).trim().to_owned()
}
