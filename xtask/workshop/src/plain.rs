//! The workshop as lines: for a screen reader, for a pipe, for whoever likes it so.

use std::io::Write;

use anyhow::{Context, Result};

use crate::events::{Event, Events};
use crate::learner::Learner;
use crate::paper::Ink;

/// Runs the workshop to its end.
pub fn run(mut learner: Learner, events: &Events) -> Result<u8> {
    let mut seen = None;
    let status = loop {
        let told = tell(&mut learner, &mut seen);
        if told.is_err() {
            // Nobody reads any more.
            break 0;
        }
        let Some(event) = events.next() else {
            break 0;
        };
        let over = match event {
            Event::Screen(_) => None,
            event => learner.event(event),
        };
        if let Some(status) = over {
            let _ = tell(&mut learner, &mut seen);
            break status;
        }
    };
    learner.cleaned_up(events);
    Ok(status)
}

/// Prints what is new; each exercise begins with an empty line.
fn tell(learner: &mut Learner, seen: &mut Option<String>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if seen.as_ref() != Some(&learner.exercise().slug) {
        *seen = Some(learner.exercise().slug.clone());
        writeln!(out)?;
    }
    for (ink, line) in learner.paper.news() {
        let mark = match ink {
            Ink::Output => "  ",
            _ => "",
        };
        writeln!(out, "{mark}{line}")?;
    }
    out.flush().context("nobody reads")
}
