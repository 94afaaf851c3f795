//! `stoppable draw`: what `stoppable trace --json` saw of one container or of several, as a part of a page.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result};

use crate::report::panels::{self, Panel};
use crate::report::story;
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
pub fn run(sources: &[Source], out: &Path, kept: Option<&Path>) -> Result<Option<String>> {
    let panels: Vec<Panel> = sources.iter().map(panel).collect::<Result<_>>()?;
    let drawn = panels::draw(&panels);
    fs::write(out, &drawn).with_context(|| format!("cannot write {}", out.display()))?;
    let Some(kept) = kept else { return Ok(None) };
    let kept =
        fs::read_to_string(kept).with_context(|| format!("cannot read {}", kept.display()))?;
    Ok(panels::difference(&kept, &drawn))
}

fn panel(source: &Source) -> Result<Panel> {
    let file = source.file.display();
    let text = fs::read_to_string(&source.file).with_context(|| format!("cannot read {file}"))?;
    let mut events: Vec<Event> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let event = serde_json::from_str(line).with_context(|| {
            format!(
                "{file}:{}: not an event of `stoppable trace --json`",
                index + 1
            )
        })?;
        events.push(event);
    }
    Ok(Panel {
        title: source.title.clone(),
        story: story::watched(&events),
    })
}
