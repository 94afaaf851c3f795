//! What a tracer saw of the processes of one container.

use std::collections::BTreeMap;

use super::{Act, Lane, Of, Who, shown};
use crate::trace::event::{End, Event, Outcome, What};

/// The processes that have a part in it, and what they are called.
pub(super) fn taking_part(events: &[Event]) -> Vec<(i32, String)> {
    let takes_part = |pid: i32| {
        events.iter().any(|event| match &event.what {
            What::Signal(arrival) => {
                shown(&event.what)
                    && (event.pid == pid || arrival.sender.is_some_and(|sender| sender.pid == pid))
            }
            What::Exit { end, left } => {
                (event.pid == pid && matches!(end, End::Killed(_)))
                    || left.iter().any(|process| process.pid == pid)
            }
            _ => false,
        })
    };
    let names = names(events).into_iter();
    names
        .filter(|(pid, _)| *pid == 1 || takes_part(*pid))
        .map(|(pid, name)| (pid, known_as(name)))
        .collect()
}

/// Their lanes.
pub(super) fn columns(processes: &[(i32, String)], container: &str) -> Vec<Lane> {
    let lane = |(pid, name): &(i32, String)| Lane {
        container: container.into(),
        of: Of::Process(*pid),
        name: name.clone(),
    };
    processes.iter().map(lane).collect()
}

/// When the first thing happened that is told.
pub(super) fn begin(events: &[Event]) -> Option<f64> {
    let begins = |event: &&Event| {
        shown(&event.what) || (event.pid == 1 && matches!(event.what, What::Exit { .. }))
    };
    events.iter().find(begins).map(|event| event.at)
}

/// What happens in the lanes of `processes`, with the events' own times. `first` is the index of the first lane.
pub(super) fn beats<'a>(
    events: impl Iterator<Item = &'a Event>,
    processes: &[(i32, String)],
    first: usize,
) -> Vec<(f64, Who, Act)> {
    let lane = |pid: i32| {
        let index = processes.iter().position(|(known, _)| *known == pid);
        index.map(|index| Who::Lane(first + index))
    };
    let mut beats = Vec::new();
    let mut ended = Vec::new();
    for event in events {
        let Some(who) = lane(event.pid) else {
            continue;
        };
        match &event.what {
            What::Signal(arrival) if shown(&event.what) => {
                let from = arrival
                    .sender
                    .map_or(Who::Client, |sender| match lane(sender.pid) {
                        _ if sender.kernel() => Who::Kernel,
                        Some(lane) => lane,
                        None => Who::Client,
                    });
                if matches!(arrival.outcome, Outcome::SigWait | Outcome::SignalFd) {
                    // Whether it was seen to wait before it was fetched is chance.
                    beats.retain(|(_, whose, what)| {
                        !(*whose == who
                            && matches!(what, Act::Signal(signal, _, Outcome::Blocked)
                                if *signal == arrival.signal))
                    });
                }
                let act = Act::Signal(arrival.signal, from, arrival.outcome);
                beats.push((event.at, who, act));
            }
            What::Exit { end, left } => {
                beats.push((event.at, who, Act::End(*end)));
                ended.push(event.pid);
                for process in left {
                    if let Some(who) = lane(process.pid)
                        && !ended.contains(&process.pid)
                    {
                        beats.push((event.at, who, Act::Killed));
                        ended.push(process.pid);
                    }
                }
            }
            _ => {}
        }
    }
    beats
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
