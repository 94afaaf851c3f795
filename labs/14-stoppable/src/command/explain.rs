//! `stoppable explain NAME`: the chapter's answer.

use anyhow::{Result, bail};

use crate::finding::{CATALOGUE, about};

/// The answer as text.
pub fn run(name: &str) -> Result<String> {
    let Some(about) = about(name) else {
        let names: Vec<&str> = CATALOGUE
            .iter()
            .flat_map(|family| family.iter())
            .map(|about| about.name)
            .collect();
        bail!(
            "no finding is called {name:?}; there are: {}",
            names.join(", ")
        );
    };
    let severity = about.severity;
    let text = textwrap::fill(about.explanation, 80);
    Ok(format!(
        "{severity}: {}\n{}\n\n{text}\n\nShown by the experiment {:?}; the whole story: book/src/{}.md\n",
        about.name,
        textwrap::fill(about.title, 80),
        about.probe.name(),
        about.chapter
    ))
}
