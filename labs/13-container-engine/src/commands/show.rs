//! Looking at one thing: `inspect`, `port`.

use std::io::Write;

use serde_json::Value;

use crate::cli::parse::Parsed;
use crate::cli::template::Template;
use crate::commands::inspect;
use crate::error::{Error, Result, client};
use crate::output::{print, warn};
use crate::store::container::{Container, Status};
use crate::store::disk::Store;
use crate::store::image::Image;

/// `docker inspect`.
pub(crate) fn inspect(parsed: &Parsed) -> Result<u8> {
    let store = Store::open()?;
    let kind = parsed.get("type").unwrap_or_default();
    if !matches!(kind, "" | "container" | "image") {
        return Err(client!("\"{kind}\" is not a valid value for --type"));
    }
    let template = match parsed.get("format") {
        Some("json") => None,
        Some(text) => Some(Template::parse(text).map_err(|error| {
            warn(&format!("template parsing error: {error}\n"));
            Error::Exit(64)
        })?),
        None => None,
    };
    let mut found = Vec::new();
    let mut errors = Vec::new();
    for name in &parsed.args {
        let container = (kind != "image")
            .then(|| Container::find(&store, name).ok())
            .flatten();
        let image = || {
            (kind != "container")
                .then(|| Image::find(&store, name))
                .flatten()
        };
        match container
            .map(|container| inspect::container(&container))
            .or_else(|| image().map(|image| inspect::image(&store, &image)))
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

/// `docker port`.
pub(crate) fn port(parsed: &Parsed) -> Result<u8> {
    let store = Store::open()?;
    let container = Container::find(&store, &parsed.args[0])?;
    let state = container.state();
    let ports: Vec<_> = if state.status == Status::Running {
        state.ports
    } else {
        Vec::new()
    };
    let Some(wanted) = parsed.args.get(1) else {
        for port in ports {
            print(&format!(
                "{}/tcp -> {}:{}\n",
                port.container, port.ip, port.host
            ));
        }
        return Ok(0);
    };
    let number = wanted.strip_suffix("/tcp").unwrap_or(wanted);
    let mut found = ports
        .iter()
        .filter(|port| port.container.to_string() == number)
        .peekable();
    if found.peek().is_none() {
        return Err(client!(
            "Error: No public port '{wanted}' published for {}",
            parsed.args[0]
        ));
    }
    found.for_each(|port| print(&format!("{}:{}\n", port.ip, port.host)));
    Ok(0)
}
