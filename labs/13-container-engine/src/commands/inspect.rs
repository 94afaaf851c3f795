//! `inspect`: all that is known of a container or an image.

use std::io::Write;
use std::ops::RangeInclusive;

use serde_json::Value;

use crate::cli::command::Command;
use crate::cli::flag::{Flag, text};
use crate::cli::template::Template;
use crate::commands::shared::describe;
use crate::error::{Error, Result, client};
use crate::output::{print, warn};
use crate::store::container::Container;
use crate::store::disk::Store;
use crate::store::image::Image;

/// `docker inspect`.
#[derive(Debug, Default)]
pub(crate) struct Inspect {
    format: Option<String>,
    kind: Option<String>,
}

impl Command for Inspect {
    const NAME: &'static str = "inspect";
    const USAGE: &'static str = " [OPTIONS] NAME|ID [NAME|ID...]";
    const ABOUT: &'static str = "Return low-level information on Docker objects";
    const ARGUMENTS: RangeInclusive<usize> = 1..=usize::MAX;
    const LACKS: &'static [&'static str] = &["size", "-s"];

    fn flags() -> Vec<Flag<Self>> {
        vec![
            text(
                Some('f'),
                "format",
                "Format output using a template",
                |flags: &mut Self| &mut flags.format,
            ),
            text(
                None,
                "type",
                "Only inspect objects of the given type",
                |flags: &mut Self| &mut flags.kind,
            ),
        ]
    }

    fn run(self, args: &[String]) -> Result<u8> {
        let store = Store::open()?;
        let kind = self.kind.as_deref().unwrap_or_default();
        if !matches!(kind, "" | "container" | "image") {
            return Err(client!("\"{kind}\" is not a valid value for --type"));
        }
        let template = match self.format.as_deref() {
            Some("json") => None,
            Some(text) => Some(Template::parse(text).map_err(|error| {
                warn(&format!("template parsing error: {error}\n"));
                Error::Exit(64)
            })?),
            None => None,
        };
        let mut found = Vec::new();
        let mut errors = Vec::new();
        for name in args {
            let container = (kind != "image")
                .then(|| Container::find(&store, name).ok())
                .flatten();
            let image = || {
                (kind != "container")
                    .then(|| Image::find(&store, name))
                    .flatten()
            };
            match container
                .map(|container| describe::container(&container))
                .or_else(|| image().map(|image| describe::image(&store, &image)))
            {
                Some(value) => found.push(value),
                None if kind.is_empty() => errors.push(format!("Error: No such object: {name}")),
                None => errors.push(format!(
                    "Error response from daemon: No such {kind}: {name}"
                )),
            }
        }
        match template {
            None => print(&pretty(&found)),
            Some(template) => {
                for value in &found {
                    match template.render(value) {
                        Ok(text) => print(&format!("{text}\n")),
                        Err(error) => {
                            print("\n");
                            errors.push(format!("template parsing error: {error}"));
                        }
                    }
                }
                if found.is_empty() {
                    print("\n");
                }
            }
        }
        if errors.is_empty() {
            return Ok(0);
        }
        warn(&format!("{}\n", errors.join("\n")));
        Err(Error::Exit(1))
    }
}

/// With four blanks a level, as Docker's client prints it.
fn pretty(values: &[Value]) -> String {
    if values.is_empty() {
        return "[]\n".to_owned();
    }
    let mut out = Vec::new();
    let style = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut writer = serde_json::Serializer::with_formatter(&mut out, style);
    let _ = serde::Serialize::serialize(values, &mut writer).map(|()| writeln!(out));
    String::from_utf8_lossy(&out).into_owned()
}
