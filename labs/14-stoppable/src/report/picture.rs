//! A stop as a picture: a lane for the client and for each process, an arrow for each signal, time from left to right.

use std::fmt::Write as _;

use super::escape::escaped;
use crate::probe::observation::Observation;
use crate::trace::event::{End, Outcome, What};
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
    /// Seconds from the first to the last.
    pub length: f64,
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

/// What can happen in a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A signal came from this lane, and this came of it.
    Signal(Sig, i32, Outcome),
    /// It ended by itself, or was killed.
    End(End),
    /// The kernel ended it together with PID 1.
    Killed,
}

/// Makes the story of one stop.
pub fn story(stop: &Observation) -> Story {
    let mut story = Story::default();
    let living = stop.before.iter().filter(|process| !process.zombie());
    story.lanes = living
        .map(|process| (process.pid, process.name.clone()))
        .take(LANES)
        .collect();
    let lane = |pid: i32| story.lanes.iter().any(|(known, _)| *known == pid);
    for event in stop
        .events
        .iter()
        .filter(|event| event.at >= stop.sent - 0.25 && lane(event.pid))
    {
        let what = match &event.what {
            What::Signal(arrival) if ![Sig::CHLD].contains(&arrival.signal) => {
                let from = arrival.sender.map_or(0, |sender| sender.pid);
                Act::Signal(
                    arrival.signal,
                    if lane(from) { from } else { 0 },
                    arrival.outcome,
                )
            }
            What::Exit { end, left } => {
                let at = event.at - stop.sent;
                let killed = left.iter().filter(|process| lane(process.pid));
                story.beats.extend(killed.map(|process| Beat {
                    at,
                    pid: process.pid,
                    what: Act::Killed,
                }));
                Act::End(*end)
            }
            _ => continue,
        };
        story.beats.push(Beat {
            at: (event.at - stop.sent).max(0.0),
            pid: event.pid,
            what,
        });
    }
    story.grace = stop.killed().then_some(stop.grace);
    story.length = story
        .beats
        .last()
        .map_or(stop.seconds, |beat| beat.at)
        .max(0.05);
    story
}

/// More lanes than this nobody reads.
const LANES: usize = 8;
const LEFT: f64 = 112.0;
const WIDTH: f64 = 720.0;
const ROW: f64 = 46.0;
const TOP: f64 = 30.0;

/// The picture's own colours: one for lines, and one each for what went well and what did not. Shape says the same:
/// a heard signal has a full head, a dropped one a cross, a kill a square.
const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:currentColor}.s{font-size:11px}.lane{stroke:currentColor;\
stroke-opacity:.35;stroke-width:2}.gone{stroke-opacity:.12;stroke-dasharray:2 4}.arrow{stroke:currentColor;stroke-width:1.6;fill:none}\
.head{fill:currentColor}.good{stroke:#1a7f37;fill:#1a7f37}.bad{stroke:#c93c37;fill:#c93c37}\
@media(prefers-color-scheme:dark){.good{stroke:#57ab5a;fill:#57ab5a}.bad{stroke:#f47067;fill:#f47067}}";

/// Draws a story. The title says the same in words, for who cannot see it.
pub fn draw(story: &Story) -> String {
    let lane = |pid: i32| {
        story
            .lanes
            .iter()
            .position(|(known, _)| *known == pid)
            .map_or(0, |index| index + 1)
    };
    let y = |pid: i32| TOP + ROW * lane(pid) as f64;
    let places = places(story);
    let height = TOP + ROW * (story.lanes.len() as f64) + 60.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\"><title>{}</title><style>{STYLE}</style>\n",
        escaped(&words(story))
    );
    let names = std::iter::once((0, "client".to_owned())).chain(story.lanes.iter().cloned());
    for (pid, name) in names {
        let (row, end) = (y(pid), last(story, &places, pid));
        let shown = if pid == 0 {
            name
        } else {
            format!("PID {pid} {name}")
        };
        let _ = writeln!(
            svg,
            "<text x=\"4\" y=\"{}\">{}</text>",
            row + 4.0,
            escaped(&shown.chars().take(16).collect::<String>())
        );
        let _ = writeln!(
            svg,
            "<line class=\"lane\" x1=\"{LEFT}\" y1=\"{row}\" x2=\"{end:.0}\" y2=\"{row}\"/>"
        );
    }
    for (beat, x) in story.beats.iter().zip(&places) {
        svg += &one(beat, *x, y(beat.pid), y);
    }
    axis(&mut svg, story, &places, height);
    svg + "</svg>\n"
}

/// Where each beat stands: in order, with room for its words, and no more than the order is meant by distance.
fn places(story: &Story) -> Vec<f64> {
    let room = (WIDTH - LEFT - 90.0) / (story.beats.len().max(1) as f64);
    (0..story.beats.len())
        .map(|index| LEFT + 40.0 + room * index as f64)
        .collect()
}

/// Where a lane ends.
fn last(story: &Story, places: &[f64], pid: i32) -> f64 {
    let ends = |beat: &Beat| beat.pid == pid && matches!(beat.what, Act::End(_) | Act::Killed);
    story
        .beats
        .iter()
        .position(ends)
        .map_or(WIDTH - 20.0, |index| places[index])
}

fn one(beat: &Beat, x: f64, row: f64, y: impl Fn(i32) -> f64) -> String {
    match &beat.what {
        Act::Signal(signal, from, outcome) => {
            let start = y(*from);
            let down = if start <= row { 1.0 } else { -1.0 };
            let good = crate::probe::observation::heard(*outcome);
            let class = if good { "good" } else { "bad" };
            // A dropped signal does not arrive: its arrow ends before the lane, in a cross.
            let tip = if good { row } else { row - down * 12.0 };
            let mut svg = format!(
                "<line class=\"arrow {class}\" x1=\"{x:.0}\" y1=\"{start}\" x2=\"{x:.0}\" y2=\"{tip}\"/>"
            );
            if good {
                let back = tip - down * 8.0;
                let _ = write!(
                    svg,
                    "<path class=\"{class}\" d=\"M{:.0} {back}L{:.0} {back}L{x:.0} {tip}Z\"/>",
                    x - 5.0,
                    x + 5.0
                );
            } else {
                let (a, b, c, d) = (x - 5.0, x + 5.0, tip - 5.0, tip + 5.0);
                let _ = write!(
                    svg,
                    "<path class=\"arrow {class}\" d=\"M{a:.0} {c}L{b:.0} {d}M{b:.0} {c}L{a:.0} {d}\"/>"
                );
            }
            let middle = row - down * 24.0;
            let _ = writeln!(
                svg,
                "<text class=\"s\" x=\"{:.0}\" y=\"{:.0}\">{signal} {}</text>",
                x + 8.0,
                middle + 4.0,
                outcome_word(*outcome)
            );
            svg
        }
        Act::End(end) => {
            let class = if matches!(end, End::Code(_)) {
                "good"
            } else {
                "bad"
            };
            format!(
                "<circle class=\"{class}\" cx=\"{x:.0}\" cy=\"{row}\" r=\"5\"/><text class=\"s\" x=\"{:.0}\" y=\"{:.0}\">{}</text>\n",
                x + 9.0,
                row - 7.0,
                end_word(*end)
            )
        }
        Act::Killed => format!(
            "<rect class=\"bad\" x=\"{:.0}\" y=\"{:.0}\" width=\"10\" height=\"10\"/><text class=\"s\" x=\"{:.0}\" y=\"{:.0}\">killed</text>\n",
            x - 5.0,
            row - 5.0,
            x + 9.0,
            row - 7.0
        ),
    }
}

/// Seconds below, and the grace period as a bar.
fn axis(svg: &mut String, story: &Story, places: &[f64], height: f64) {
    let row = height - 14.0;
    for (beat, x) in story.beats.iter().zip(places) {
        let _ = writeln!(
            svg,
            "<text class=\"s\" x=\"{:.0}\" y=\"{row}\" text-anchor=\"middle\">{:.2} s</text>",
            x, beat.at
        );
    }
    if let (Some(grace), Some(first), Some(last)) = (story.grace, places.first(), places.last()) {
        let y = height - 40.0;
        let _ = writeln!(
            svg,
            "<rect class=\"bad\" fill-opacity=\".35\" x=\"{first:.0}\" y=\"{y}\" width=\"{:.0}\" height=\"8\"/>\
             <text class=\"s\" x=\"{:.0}\" y=\"{:.0}\">the whole grace period, {grace:.0} s</text>",
            (last - first).max(10.0),
            first + 4.0,
            y - 4.0
        );
    }
}

fn outcome_word(outcome: Outcome) -> &'static str {
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

fn end_word(end: End) -> String {
    match end {
        End::Code(code) => format!("exit {code}"),
        End::Killed(signal) => signal.to_string(),
    }
}

/// The same in words.
pub fn words(story: &Story) -> String {
    let name = |pid: i32| match story.lanes.iter().find(|(known, _)| *known == pid) {
        Some((pid, name)) => format!("PID {pid} ({name})"),
        None => "the client".to_owned(),
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
    sentences.join(" ")
}
