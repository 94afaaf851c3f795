//! `events`: what happened, and what goes on to happen.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::mem;
use std::ops::RangeInclusive;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::sys::inotify::AddWatchFlags;

use crate::cli::command::{Command, usage_error};
use crate::cli::flag::{Flag, read, text};
use crate::cli::since;
use crate::cli::template::Template;
use crate::commands::shared::filter::read_filter;
use crate::commands::shared::watch::{Watch, sleep_until};
use crate::error::{Context, Result, client, daemon};
use crate::output::print;
use crate::store::disk::Store;
use crate::store::events::{self, Event};
use crate::time;

/// `docker events`.
#[derive(Debug, Default)]
pub(crate) struct Events {
    filters: Vec<(String, String)>,
    format: Option<String>,
    since: Option<String>,
    until: Option<String>,
}

impl Command for Events {
    const NAME: &'static str = "events";
    const USAGE: &'static str = " [OPTIONS]";
    const ABOUT: &'static str = "Get real time events from the server";
    const ARGUMENTS: RangeInclusive<usize> = 0..=0;

    fn flags() -> Vec<Flag<Self>> {
        vec![
            read(
                Some('f'),
                "filter",
                "Filter output based on conditions provided",
                |flags: &mut Self, text| read_filter(&mut flags.filters, text),
            ),
            text(
                None,
                "format",
                "Format output using a template",
                |flags: &mut Self| &mut flags.format,
            ),
            text(
                None,
                "since",
                "Show all events created since timestamp",
                |flags: &mut Self| &mut flags.since,
            ),
            text(
                None,
                "until",
                "Stream events until this timestamp",
                |flags: &mut Self| &mut flags.until,
            ),
        ]
    }

    fn run(self, _: &[String]) -> Result<u8> {
        let store = Store::open()?;
        let now = time::now();
        let limit = |given: Option<&str>| {
            let given = given.filter(|text| !text.is_empty());
            let read = given.map(|text| since::parse(text, now)).transpose();
            read.map_err(|why| client!("{why}"))
        };
        let (since, until) = (limit(self.since.as_deref())?, limit(self.until.as_deref())?);
        const KEYS: [&str; 5] = ["container", "event", "image", "label", "type"];
        if let Some((key, _)) = self
            .filters
            .iter()
            .find(|(key, _)| !KEYS.contains(&key.as_str()))
        {
            return Err(daemon!("Invalid filter '{key}'"));
        }
        let format = self.format.as_deref();
        let template = format.map(|text| if text == "json" { "{{json .}}" } else { text });
        let template = template.map(Template::parse).transpose();
        let template = template.map_err(|error| {
            usage_error::<Self>(format!("Error parsing format: {error}"), "Run", 64)
        })?;
        let mut show = |event: Event| {
            if event.time < since.unwrap_or(now) || !fits(&event, &self.filters) {
                return Ok(true);
            }
            if until.is_some_and(|until| event.time > until) {
                return Ok(false);
            }
            match &template {
                None => print(&format!("{}\n", event.line())),
                Some(template) => match template.render(&event.json()) {
                    Ok(text) => print(&format!("{text}\n")),
                    Err(error) => return Err(client!("{error}")),
                },
            }
            Ok(true)
        };
        let path = store.events();
        let (mut watch, mut lines) = follow(&path).at("open", &path)?;
        if since.is_some()
            && let Some(mut before) = before(&store, lines.get_ref()).at("open", &path)?
            && !show_all(&mut before, &mut Vec::new(), &mut show)?
        {
            return Ok(0);
        }
        let mut line = Vec::new();
        let mut moved = false;
        loop {
            if !show_all(&mut lines, &mut line, &mut show)? {
                return Ok(0);
            }
            if mem::take(&mut moved) {
                // It was full, and has another name now. We have read it to its end.
                (watch, lines) = follow(&path).at("open", &path)?;
                line.clear();
                continue;
            }
            let Some(limit) = sleep_until(until) else {
                return Ok(0);
            };
            match watch.next(limit).at("watch", &path)? {
                Some(what) => moved = what.contains(AddWatchFlags::IN_MOVE_SELF),
                None => return Ok(0),
            }
        }
    }
}

/// Reads events as far as there are whole ones, and shows each; false when `show` has seen the last that is asked for.
/// `line` keeps a piece of one for the next time.
fn show_all(
    lines: &mut impl BufRead,
    line: &mut Vec<u8>,
    show: &mut impl FnMut(Event) -> Result<bool>,
) -> Result<bool> {
    while lines.read_until(b'\n', line).context("read the events")? > 0 && line.ends_with(b"\n") {
        let event = serde_json::from_slice(line);
        line.clear();
        if let Ok(event) = event
            && !show(event)?
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The record that was full before this one, unless it is this one, moved aside meanwhile.
fn before(store: &Store, now: &File) -> io::Result<Option<BufReader<File>>> {
    let file = match File::open(events::full(store)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let same = file.metadata()?.ino() == now.metadata()?.ino();
    Ok((!same).then(|| BufReader::new(file)))
}

/// Watches the record of events, made here if need be, and reads it from its start.
fn follow(path: &Path) -> io::Result<(Watch, BufReader<File>)> {
    let made = fs::OpenOptions::new().append(true).create(true).open(path);
    drop(made?);
    let flags = AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_MOVE_SELF;
    Ok((Watch::new(path, flags)?, BufReader::new(File::open(path)?)))
}

/// Several values of one key: any of them; several keys: all of them.
fn fits(event: &Event, filters: &[(String, String)]) -> bool {
    let attribute = |name: &str| event.attributes.get(name).map(String::as_str);
    let one = |key: &str, value: &str| match key {
        "container" => {
            event.kind == "container"
                && (attribute("name") == Some(value) || event.id.starts_with(value))
        }
        "event" => event.action == value || event.action.starts_with(&format!("{value}:")),
        "image" => {
            attribute("image") == Some(value)
                || event.kind == "image" && attribute("name") == Some(value)
        }
        "label" => match value.split_once('=') {
            Some((key, value)) => attribute(key) == Some(value),
            None => attribute(value).is_some(),
        },
        _ => event.kind == value,
    };
    filters.iter().all(|(key, _)| {
        filters
            .iter()
            .any(|(other, value)| key == other && one(key, value))
    })
}
