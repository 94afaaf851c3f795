//! `stoppable draw`: what `stoppable trace --json` saw of one container or of several, as a part of a page.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::report::panels::{self, Panel};
use crate::report::story::{self, Container, Extra};
use crate::trace::event::Event;

/// What is drawn of one container: `TITLE=FILE`.
#[derive(Debug, Clone)]
pub struct Source {
    /// What stands below the drawing.
    pub title: String,
    /// The events, one a line.
    pub file: PathBuf,
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Source, String> {
        // A title may have a = of its own; a file's name is ours to choose.
        let (title, file) = text
            .rsplit_once('=')
            .ok_or("say TITLE=FILE: what stands below it, and the events")?;
        Ok(Source {
            title: title.into(),
            file: file.into(),
        })
    }
}

/// Draws `sources` into `out`, and says how the order differs from that in `kept`.
pub fn run(
    sources: &[Source],
    extra: Option<&Path>,
    out: &Path,
    kept: Option<&Path>,
) -> Result<Option<String>> {
    let extra: Vec<Extra> = extra.map_or_else(|| Ok(Vec::new()), |file| lines(file, EXTRA))?;
    let panels: Vec<Panel> = sources
        .iter()
        .map(|source| panel(source, &extra))
        .collect::<Result<_>>()?;
    let drawn = panels::draw(&panels);
    fs::write(out, &drawn).with_context(|| format!("cannot write {}", out.display()))?;
    let Some(kept) = kept else { return Ok(None) };
    let kept =
        fs::read_to_string(kept).with_context(|| format!("cannot read {}", kept.display()))?;
    Ok(panels::difference(&kept, &drawn))
}

/// What the lines of a file are.
const EVENT: &str = "not an event of `stoppable trace --json`";
const EXTRA: &str = "neither a lost request, nor a note, nor an event of the engine's";

/// A line of a panel's file.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    /// The events of this container follow.
    Container { container: String },
    /// The panel's time, in seconds since 1970.
    Time { from: f64, to: f64 },
    /// An event of the container named last.
    Event(Event),
}

fn panel(source: &Source, extra: &[Extra]) -> Result<Panel> {
    let (mut containers, mut time): (Vec<Container>, _) = Default::default();
    for line in lines(&source.file, EVENT)? {
        match line {
            Line::Container { container } => containers.push(Container {
                name: container,
                events: Vec::new(),
            }),
            Line::Time { from, to } => time = Some(from..=to),
            Line::Event(event) => {
                if containers.is_empty() {
                    containers.push(Container::default());
                }
                if let Some(container) = containers.last_mut() {
                    container.events.push(event);
                }
            }
        }
    }
    let of_its_time = |line: &&Extra| time.as_ref().is_some_and(|time| time.contains(&line.at()));
    let extra: Vec<Extra> = extra.iter().filter(of_its_time).cloned().collect();
    let (story, names) = story::watched(&containers, &extra);
    let title = match source.title.as_str() {
        "" => names.join(", "),
        title => title.to_owned(),
    };
    Ok(Panel { title, story })
}

/// Reads lines of JSON; one that is not what they should be is an error that names its place.
fn lines<T: DeserializeOwned>(file: &Path, what: &str) -> Result<Vec<T>> {
    let name = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    let line = |(index, line): (usize, &str)| {
        serde_json::from_str(line).with_context(|| format!("{name}:{}: {what}", index + 1))
    };
    text.lines().enumerate().map(line).collect()
}
