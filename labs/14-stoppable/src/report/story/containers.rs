//! The story of containers that somebody else worked with while they were watched, on one axis of time.

use super::extra::{self, Extra};
use super::{Act, Beat, Grace, LANES, Lane, Story, Who, connections, processes};
use crate::trace::event::{End, Event, What};
use crate::trace::set::Sig;

/// A container that was watched.
#[derive(Debug, Clone, Default)]
pub struct Container {
    /// What it is called.
    pub name: String,
    /// What was seen.
    pub events: Vec<Event>,
}

impl Container {
    /// When its tracer's clock stood at 0, in seconds since 1970.
    fn zero(&self) -> f64 {
        let clock = |event: &Event| match event.what {
            What::Attached { clock, .. } => Some(clock - event.at),
            _ => None,
        };
        self.events.iter().find_map(clock).unwrap_or_default()
    }
}

/// Makes one story of several containers, and of what others tell of the same time. It begins with the first thing that
/// happened. Containers to which nothing happened are left out. Returns the names of the others, too.
pub fn watched(containers: &[Container], extra: &[Extra]) -> (Story, Vec<String>) {
    let mut busy: Vec<_> = containers
        .iter()
        .filter_map(|container| Some((container, processes::begin(&container.events)?)))
        .collect();
    let first = |(container, begin): &(&Container, f64)| container.zero() + begin;
    busy.sort_by(|one, other| first(one).total_cmp(&first(other)));
    let several = busy.len() > 1;
    let (mut lanes, mut beats): (Vec<Lane>, Vec<(f64, Who, Act)>) = Default::default();
    for (container, begin) in &busy {
        let (events, first) = (&container.events, lanes.len());
        // The image stands below the picture.
        let name = container.name.split(" (").next().unwrap_or_default();
        let title = if several { name } else { "" };
        let those = processes::taking_part(events);
        lanes.extend(processes::columns(&those, title));
        let since = events.iter().filter(|event| event.at >= *begin);
        let mut own = processes::beats(since, &those, first);
        let (columns, connected) = connections::lanes(events, *begin, title, lanes.len());
        lanes.extend(columns);
        own.extend(connected);
        let zero = container.zero();
        beats.extend(
            own.into_iter()
                .map(|(at, who, what)| (zero + at, who, what)),
        );
    }
    let (columns, told) = extra::containers(extra, lanes.len());
    lanes.extend(columns);
    beats.extend(told);
    let begin = beats.iter().map(|(at, ..)| *at).min_by(f64::total_cmp);
    beats.extend(
        begin
            .into_iter()
            .flat_map(|begin| extra::outside(extra, begin)),
    );
    let begin = begin.unwrap_or_default();
    // A sort that keeps what came at one time in its order: PID 1's end before those whom it takes with it.
    beats.sort_by(|one, other| one.0.total_cmp(&other.0));
    let lane = |who: &Who| !matches!(who, Who::Lane(index) if *index >= LANES);
    beats.retain(|(_, who, what)| {
        lane(who) && !matches!(what, Act::Signal(_, from, _) if !lane(from))
    });
    lanes.truncate(LANES);
    let beats = beats.into_iter().map(|(at, who, what)| Beat {
        at: at - begin,
        who,
        what: match what {
            Act::Lost(count, until) => Act::Lost(count, until - begin),
            what => what,
        },
    });
    let mut story = Story {
        lanes,
        beats: beats.collect(),
        grace: None,
    };
    story.grace = grace(&story);
    let names = busy.iter().map(|(container, _)| container.name.clone());
    (story, names.collect())
}

/// Told by somebody outside, and ended by a SIGKILL that came seconds later: that is what a grace period is.
fn grace(story: &Story) -> Option<Grace> {
    let used = |lane: usize| {
        let own = || {
            let beats = story.beats.iter();
            beats.filter(move |beat| beat.who == Who::Lane(lane))
        };
        let told = own().find(|beat| matches!(beat.what, Act::Signal(_, Who::Client, _)))?;
        let end = own().find(|beat| beat.what == Act::End(End::Killed(Sig::KILL)))?;
        let seconds = end.at - told.at;
        // Whole seconds were asked for; a busy machine takes longer, and our two clocks are not one.
        (seconds > 0.5).then(|| Grace {
            lane,
            seconds: (seconds + 0.2).floor().max(1.0),
        })
    };
    let mut mains = (0..story.lanes.len()).filter(|lane| story.lanes[*lane].main());
    mains.find_map(used)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::story::Of;
    use crate::trace::event::{Arrival, Disposition, Outcome};
    use crate::trace::sender::Sender;
    use crate::trace::set::Set;

    fn event(at: f64, what: What) -> Event {
        Event {
            at,
            pid: 1,
            name: "app".into(),
            what,
        }
    }

    fn sigterm(outcome: Outcome) -> What {
        What::Signal(Arrival {
            signal: Sig::TERM,
            sender: Some(Sender {
                code: 0,
                pid: 0,
                uid: 0,
            }),
            disposition: Disposition::Default,
            blocked: Set(0),
            pending: Set(0),
            outcome,
        })
    }

    fn exit(end: End) -> What {
        What::Exit {
            end,
            left: Vec::new(),
        }
    }

    /// A container of which a tracer that began at `clock` tells `events`.
    fn container(name: &str, clock: f64, mut events: Vec<Event>) -> Container {
        events.insert(0, event(0.0, What::Attached { threads: 1, clock }));
        Container {
            name: name.into(),
            events,
        }
    }

    #[test]
    fn how_long_a_grace_period_took_is_no_part_of_the_order() {
        let after = |seconds: f64| {
            let events = vec![
                event(1.0, sigterm(Outcome::Dropped)),
                event(1.0 + seconds, exit(End::Killed(Sig::KILL))),
            ];
            watched(&[container("app", 0.0, events)], &[]).0
        };
        let graces: Vec<_> = [0.01, 0.99, 1.0, 1.7, 2.01]
            .map(|seconds| after(seconds).grace.map(|grace| grace.seconds))
            .into();
        assert_eq!(graces, [None, Some(1.0), Some(1.0), Some(1.0), Some(2.0)]);
        assert_eq!(after(0.99).order(), after(2.01).order());
        assert_ne!(after(0.99).order(), after(0.01).order());
    }

    /// Two containers, each with a tracer of its own: what counts is the time of day, and who came first.
    #[test]
    fn two_containers_stand_on_one_axis_of_time() {
        let stop = |name: &str, clock: f64| {
            let events = vec![
                event(0.5, sigterm(Outcome::Handler)),
                event(0.7, exit(End::Code(0))),
            ];
            container(name, clock, events)
        };
        let idle = container("idle", 50.0, Vec::new());
        let (first, names) = watched(&[idle, stop("web", 101.0), stop("db", 100.0)], &[]);
        assert_eq!(names, ["db", "web"], "nothing happened to the third");
        let order: Vec<_> = first.beats.iter().map(|beat| (beat.at, beat.who)).collect();
        assert_eq!(order[0], (0.0, Who::Lane(0)), "db is told first");
        assert!((order[2].0 - 1.0).abs() < 1e-6 && order[2].1 == Who::Lane(1));
        let (second, _) = watched(&[stop("web", 100.0), stop("db", 101.0)], &[]);
        assert_ne!(first.order(), second.order());
    }

    #[test]
    fn a_connection_is_closed_or_cut_off() {
        let peer = || "10.0.0.1:4242".to_owned();
        let stop = |closed: bool| {
            let mut events = vec![
                event(0.1, What::Connected { peer: peer() }),
                event(0.5, sigterm(Outcome::Handler)),
                event(0.6, What::Disconnected { peer: peer() }),
                event(0.7, exit(End::Code(0))),
            ];
            if !closed {
                let mut late = events.remove(2);
                late.at = 0.8;
                events.push(late);
            }
            watched(&[container("app", 0.0, events)], &[]).0
        };
        let (closed, cut) = (stop(true), stop(false));
        assert_eq!(closed.lanes[1].of, Of::Connection);
        let last = |story: &Story| {
            let mut beats = story.beats.iter().rev();
            beats
                .find(|beat| beat.who == Who::Lane(1))
                .map(|beat| beat.what.clone())
        };
        assert_eq!(last(&closed), Some(Act::Close));
        assert_eq!(last(&cut), Some(Act::CutOff));
        assert_ne!(closed.order(), cut.order());
    }
}
