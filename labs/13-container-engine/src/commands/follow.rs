//! What goes on: `logs` and `events`, and waiting for more of them.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::mem;
use std::os::fd::AsFd;
use std::path::Path;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use crate::cli::parse::Parsed;
use crate::cli::template::Template;
use crate::error::{Context, Error, Result, client, daemon};
use crate::output::{print, warn};
use crate::store::container::{Container, Status};
use crate::store::disk::Store;
use crate::store::events::Event;
use crate::store::log::{Entry, Reader};
use crate::time;

/// A file that others write to, watched by the kernel: `inotify(7)`.
struct Watch(Inotify);

impl Watch {
    fn new(path: &Path, flags: AddWatchFlags) -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        inotify.add_watch(path, flags)?;
        Ok(Self(inotify))
    }

    /// Sleeps until something happened, `limit` milliseconds passed, or nobody reads our output any
    /// more. Returns what happened; `None` means that we may as well stop.
    fn next(&self, limit: PollTimeout) -> io::Result<Option<AddWatchFlags>> {
        let out = io::stdout();
        // No flag is asked for on our output: poll(2) then tells errors only, such as a closed pipe.
        let mut fds = [
            PollFd::new(self.0.as_fd(), PollFlags::POLLIN),
            PollFd::new(out.as_fd(), PollFlags::empty()),
        ];
        match poll(&mut fds, limit) {
            Err(nix::errno::Errno::EINTR) => return Ok(Some(AddWatchFlags::empty())),
            result => result?,
        };
        if fds[1].any().unwrap_or_default() {
            return Ok(None);
        }
        let events = match self.0.read_events() {
            Err(nix::errno::Errno::EAGAIN) => Vec::new(),
            result => result?,
        };
        Ok(Some(
            events
                .into_iter()
                .fold(AddWatchFlags::empty(), |all, event| all | event.mask),
        ))
    }
}

/// `docker logs`.
pub(crate) fn logs(parsed: &Parsed) -> Result<u8> {
    let store = Store::open()?;
    let container = Container::find(&store, &parsed.args[0])?;
    let tail = parsed
        .get("tail")
        .and_then(|text| text.parse::<usize>().ok());
    let limit = |flag| {
        match parsed.get(flag) {
        None => Ok(None),
        Some(text) => time::parse(text, time::now()).map(Some).ok_or_else(|| client!("invalid value for \"{flag}\": failed to parse value as time or duration: \"{text}\"")),
    }
    };
    let (since, until) = (limit("since")?, limit("until")?);
    let stamps = parsed.is("timestamps");
    let path = container.file("log");
    // Made here if need be, so that there is something to watch and to read.
    let made = fs::OpenOptions::new().append(true).create(true).open(&path);
    drop(made.at("open", &path)?);
    // Watch first, then ask whether it runs, then read: whatever happens in between wakes us.
    let watch = Watch::new(&path, AddWatchFlags::IN_MODIFY).at("watch", &path)?;
    // The monitor closes this one, or deletes it, when the log is complete and the end is recorded.
    let end = AddWatchFlags::IN_CLOSE_WRITE | AddWatchFlags::IN_ATTRIB;
    let _ = watch.0.add_watch(&container.file("status"), end);
    let runs = || {
        matches!(
            container.state().status,
            Status::Running | Status::Restarting
        )
    };
    let mut over = !parsed.is("follow") || !runs();
    let mut reader = Reader::open(&path).at("open", &path)?;
    let mut old = Vec::new();
    while let Some(entry) = reader.next().at("read", &path)? {
        if since.is_none_or(|since| entry.nanos() >= since)
            && until.is_none_or(|until| entry.nanos() <= until)
        {
            old.push(entry);
        }
    }
    let skipped = tail.map_or(0, |tail| old.len().saturating_sub(tail));
    old[skipped..].iter().for_each(|entry| show(entry, stamps));
    while !over {
        let Some(what) = watch.next(PollTimeout::NONE).at("watch", &path)? else {
            break;
        };
        over = what.intersects(end) && !runs();
        while let Some(entry) = reader.next().at("read", &path)? {
            show(&entry, stamps);
        }
    }
    Ok(0)
}

fn show(entry: &Entry, stamps: bool) {
    let stamp = if stamps {
        format!("{} ", entry.time)
    } else {
        String::new()
    };
    let text = format!("{stamp}{}", entry.log);
    if entry.stream == "stderr" {
        warn(&text);
    } else {
        print(&text);
    }
}

/// `docker events`.
pub(crate) fn events(parsed: &Parsed) -> Result<u8> {
    let store = Store::open()?;
    let now = time::now();
    let limit = |flag| match parsed.get(flag) {
        None => Ok(None),
        Some(text) => time::parse(text, now)
            .map(Some)
            .ok_or_else(|| daemon!("failed to parse value as time or duration: \"{text}\"")),
    };
    let (since, until) = (limit("since")?, limit("until")?);
    let filters = parsed.all("filter").iter().map(|text| {
        let (key, value) = text.split_once('=').ok_or_else(|| {
            client!(
                "invalid argument \"{text}\" for \"-f, --filter\" flag: invalid filter '{text}'"
            )
        })?;
        match key {
            "container" | "event" | "image" | "label" | "type" => Ok((key, value)),
            _ => Err(daemon!("Invalid filter '{key}'")),
        }
    });
    let filters = filters.collect::<Result<Vec<_>>>()?;
    let template = parsed
        .get("format")
        .map(|text| if text == "json" { "{{json .}}" } else { text });
    let template = template.map(Template::parse).transpose();
    let template = template.map_err(|error| Error::Usage {
        message: format!("Error parsing format: {error}"),
        hint: "Run",
        command: "events",
        usage: " [OPTIONS]",
        code: 64,
    })?;
    let path = store.events();
    let (mut watch, mut lines) = follow_events(&path).at("open", &path)?;
    let mut line = Vec::new();
    let mut moved = false;
    loop {
        while lines.read_until(b'\n', &mut line).at("read", &path)? > 0 && line.ends_with(b"\n") {
            let event = serde_json::from_slice::<Event>(&line);
            line.clear();
            let Ok(event) = event else { continue };
            if event.time < since.unwrap_or(now) || !fits(&event, &filters) {
                continue;
            }
            if until.is_some_and(|until| event.time > until) {
                return Ok(0);
            }
            match &template {
                None => print(&format!("{}\n", event.line())),
                Some(template) => match template.render(&event.json()) {
                    Ok(text) => print(&format!("{text}\n")),
                    Err(error) => return Err(client!("{error}")),
                },
            }
        }
        if mem::take(&mut moved) {
            // It was full, and has another name now. We have read it to its end.
            (watch, lines) = follow_events(&path).at("open", &path)?;
            line.clear();
            continue;
        }
        let left = until.map(|until| until.saturating_sub(time::now()).div_ceil(1_000_000));
        if left == Some(0) {
            return Ok(0);
        }
        let limit = left.map_or(PollTimeout::NONE, |left| {
            PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
        });
        match watch.next(limit).at("watch", &path)? {
            Some(what) => moved = what.contains(AddWatchFlags::IN_MOVE_SELF),
            None => return Ok(0),
        }
    }
}

/// Watches the record of events, made here if need be, and reads it from its start.
fn follow_events(path: &Path) -> io::Result<(Watch, BufReader<File>)> {
    let made = fs::OpenOptions::new().append(true).create(true).open(path);
    drop(made?);
    let flags = AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_MOVE_SELF;
    Ok((Watch::new(path, flags)?, BufReader::new(File::open(path)?)))
}

/// Several values of one key: any of them; several keys: all of them.
fn fits(event: &Event, filters: &[(&str, &str)]) -> bool {
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
