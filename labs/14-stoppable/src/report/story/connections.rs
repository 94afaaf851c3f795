//! The connections to a container as lanes: which were there, and whether somebody closed them or they were cut off.

use super::{Act, Lane, Of, Who};
use crate::trace::event::{Event, What};

/// The lanes of those that were open at `begin` or later, and what happened in them. `first` is the index of the first.
pub(super) fn lanes(
    events: &[Event],
    begin: f64,
    container: &str,
    first: usize,
) -> (Vec<Lane>, Vec<(f64, Who, Act)>) {
    let mut open: Vec<&str> = Vec::new();
    let mut known: Vec<&str> = Vec::new();
    let mut beats = Vec::new();
    let mut begun = false;
    let lane = |known: &[&str], peer: &str| {
        known
            .iter()
            .position(|there| *there == peer)
            .map(|index| Who::Lane(first + index))
    };
    for event in events {
        if !begun && event.at >= begin {
            begun = true;
            known.clone_from(&open);
        }
        match &event.what {
            What::Connected { peer } => {
                open.push(peer);
                if begun {
                    known.push(peer);
                    beats.extend(lane(&known, peer).map(|who| (event.at, who, Act::Open)));
                }
            }
            What::Disconnected { peer } => {
                // One that the end of the container has cut off is gone a moment later, too.
                if let Some(index) = open.iter().position(|there| there == peer) {
                    open.remove(index);
                    beats.extend(lane(&known, peer).map(|who| (event.at, who, Act::Close)));
                }
            }
            What::Exit { .. } if event.pid == 1 => {
                for peer in std::mem::take(&mut open) {
                    beats.extend(lane(&known, peer).map(|who| (event.at, who, Act::CutOff)));
                }
            }
            _ => {}
        }
    }
    let several = known.len() > 1;
    let column = |number: usize| Lane {
        container: container.into(),
        of: Of::Connection,
        name: if several {
            number.to_string()
        } else {
            String::new()
        },
    };
    ((1..=known.len()).map(column).collect(), beats)
}
