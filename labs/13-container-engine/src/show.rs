//! Looking: logs, events, inspect, port.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::path::Path;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use serde_json::Value;

use crate::cli::Parsed;
use crate::container::{Container, Status};
use crate::error::{Context, Error, Result, client, daemon};
use crate::events::Event;
use crate::image::Image;
use crate::log::{Entry, Reader};
use crate::output::{print, warn};
use crate::store::Store;
use crate::template::Template;
use crate::{inspect, time};

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
    let path = container.dir.join("log");
    // Made here if need be, so that there is something to watch and to read.
    let made = fs::OpenOptions::new().append(true).create(true).open(&path);
    drop(made.at("open", &path)?);
    // Watch first, then ask whether it runs, then read: whatever happens in between wakes us.
    let watch = Watch::new(
        &path,
        AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_CLOSE_WRITE,
    )
    .at("watch", &path)?;
    let follow = parsed.is("follow") && container.state().status == Status::Running;
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
    let mut over = !follow;
    while !over {
        let Some(what) = watch.next(PollTimeout::NONE).at("watch", &path)? else {
            break;
        };
        over = what.contains(AddWatchFlags::IN_CLOSE_WRITE) && container.running().is_err();
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
    let made = fs::OpenOptions::new().append(true).create(true).open(&path);
    drop(made.at("open", &path)?);
    let watch = Watch::new(
        &path,
        AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_MOVE_SELF,
    )
    .at("watch", &path)?;
    let mut lines = BufReader::new(File::open(&path).at("open", &path)?);
    let mut line = Vec::new();
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
        let left = until.map(|until| until.saturating_sub(time::now()).div_ceil(1_000_000));
        if left == Some(0) {
            return Ok(0);
        }
        let limit = left.map_or(PollTimeout::NONE, |left| {
            PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
        });
        if watch.next(limit).at("watch", &path)?.is_none() {
            return Ok(0);
        }
    }
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
