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

#[cfg(test)]
mod tests {
    use super::*;

    const SIGTERM: &str = r#"{"at":0.5,"pid":1,"name":"app","event":"signal","signal":"SIGTERM","sender":{"code":0,"pid":0,"uid":0},"disposition":"handler","blocked":[],"pending":[],"outcome":"handler"}"#;
    const EXIT: &str = r#"{"at":0.7,"pid":1,"name":"app","event":"exit","code":0}"#;

    /// What becomes of a panel of two containers, the second of which is stopped first, with `extra` beside it.
    fn drawn(extra: &str) -> Result<String> {
        let folder = tempfile::tempdir()?;
        let attached = |clock: u32| {
            format!(
                r#"{{"at":0.0,"pid":1,"name":"app","event":"attached","threads":1,"clock":{clock}}}"#
            )
        };
        let lines = [
            r#"{"from": 90, "to": 110}"#,
            r#"{"container": "web (lab)"}"#,
            &attached(101),
            SIGTERM,
            EXIT,
            r#"{"container": "db (lab)"}"#,
            &attached(100),
            SIGTERM,
            EXIT,
        ];
        let (panel, beside, out) = (
            folder.path().join("panel"),
            folder.path().join("extra"),
            folder.path().join("out"),
        );
        fs::write(&panel, lines.join("\n"))?;
        fs::write(&beside, extra)?;
        let source = format!("={}", panel.display()).parse::<Source>();
        let source = source.map_err(anyhow::Error::msg)?;
        let result = run(&[source], Some(&beside), &out, None);
        result.map(|_| fs::read_to_string(&out).unwrap_or_default())
    }

    #[test]
    fn several_containers_are_one_panel_with_what_others_saw_in_its_time() {
        let extra =
            "{\"at\": 100.6, \"note\": \"db is DOWN\"}\n{\"at\": 111, \"note\": \"too late\"}\n";
        let drawn = drawn(extra).unwrap();
        assert!(
            drawn.contains("<figcaption>db (lab), web (lab)</figcaption>"),
            "{drawn}"
        );
        let order = "in this order: db app SIGTERM from client heard, db is DOWN, db app exit 0, \
                     web app SIGTERM from client heard, web app exit 0";
        assert!(drawn.contains(order), "{drawn}");
        assert!(!drawn.contains("too late"), "{drawn}");
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        let error = drawn("{\"at\": 100.6, \"lost\": 1}\nnonsense\n").unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains("extra:2: neither a lost request"), "{error}");
    }
}
