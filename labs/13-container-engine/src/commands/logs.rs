//! `logs`: what a container wrote, and what its PID 1 goes on to write.

use std::fs;
use std::ops::RangeInclusive;

use nix::sys::inotify::AddWatchFlags;

use crate::cli::command::Command;
use crate::cli::flag::{Flag, switch, text};
use crate::cli::since;
use crate::commands::shared::watch::{Watch, sleep_until};
use crate::error::{Context, Result, client};
use crate::output::{print, warn};
use crate::store::container::{Container, Status};
use crate::store::disk::Store;
use crate::store::log::{Entry, Reader};
use crate::time;

/// `docker logs`.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    follow: bool,
    since: Option<String>,
    tail: Option<String>,
    timestamps: bool,
    until: Option<String>,
}

impl Command for Logs {
    const NAME: &'static str = "logs";
    const USAGE: &'static str = " [OPTIONS] CONTAINER";
    const ABOUT: &'static str = "Fetch the logs of a container";
    const ARGUMENTS: RangeInclusive<usize> = 1..=1;
    const LACKS: &'static [&'static str] = &["details"];

    fn flags() -> Vec<Flag<Self>> {
        vec![
            switch(
                Some('f'),
                "follow",
                "Follow log output",
                |flags: &mut Self| &mut flags.follow,
            ),
            text(
                None,
                "since",
                "Show logs since timestamp or relative",
                |flags: &mut Self| &mut flags.since,
            ),
            text(
                Some('n'),
                "tail",
                "Number of lines to show from the end of the logs (default \"all\")",
                |flags: &mut Self| &mut flags.tail,
            ),
            switch(
                Some('t'),
                "timestamps",
                "Show timestamps",
                |flags: &mut Self| &mut flags.timestamps,
            ),
            text(
                None,
                "until",
                "Show logs before a timestamp or relative",
                |flags: &mut Self| &mut flags.until,
            ),
        ]
    }

    fn run(self, args: &[String]) -> Result<u8> {
        let store = Store::open()?;
        let container = Container::find(&store, &args[0])?;
        let tail = self
            .tail
            .as_deref()
            .and_then(|text| text.parse::<usize>().ok());
        let now = time::now();
        let limit = |flag: &str, given: Option<&str>| {
            let given = given.filter(|text| !text.is_empty());
            let read = given.map(|text| since::parse(text, now)).transpose();
            read.map_err(|why| client!("invalid value for \"{flag}\": {why}"))
        };
        let since = limit("since", self.since.as_deref())?;
        let until = limit("until", self.until.as_deref())?;
        let fits = |entry: &Entry| {
            since.is_none_or(|since| entry.nanos() >= since)
                && until.is_none_or(|until| entry.nanos() <= until)
        };
        let stamps = self.timestamps;
        let path = container.file("log");
        // Made here if need be, so that there is something to watch and to read.
        let made = fs::OpenOptions::new().append(true).create(true).open(&path);
        drop(made.at("open", &path)?);
        // Watch first, then ask whether it runs, then read: whatever happens in between wakes us.
        let watch = Watch::new(&path, AddWatchFlags::IN_MODIFY).at("watch", &path)?;
        // The monitor closes this one, or deletes it, when the log is complete and the end is recorded.
        let end = AddWatchFlags::IN_CLOSE_WRITE | AddWatchFlags::IN_ATTRIB;
        watch.also(&container.file("status"), end);
        // Recorded anew: this PID 1 has ended, and another one is to come. Docker follows the one that it has found.
        let recorded = container.file("state");
        watch.also(&recorded, AddWatchFlags::IN_DELETE_SELF);
        let life = container.state();
        let mut over = !self.follow || life.status != Status::Running;
        let mut reader = Reader::open(&path).at("open", &path)?;
        let mut old = Vec::new();
        while let Some(entry) = reader.next().at("read", &path)? {
            if fits(&entry) {
                old.push(entry);
            }
        }
        let skipped = tail.map_or(0, |tail| old.len().saturating_sub(tail));
        old[skipped..].iter().for_each(|entry| show(entry, stamps));
        while !over {
            let Some(limit) = sleep_until(until) else {
                break;
            };
            let Some(what) = watch.next(limit).at("watch", &path)? else {
                break;
            };
            watch.also(&recorded, AddWatchFlags::IN_DELETE_SELF);
            let now = container.state();
            over = match now.status {
                Status::Running => now.started != life.started,
                Status::Restarting => true,
                Status::Created | Status::Exited => what.intersects(end),
            };
            while let Some(entry) = reader.next().at("read", &path)? {
                if fits(&entry) {
                    show(&entry, stamps);
                }
            }
        }
        Ok(0)
    }
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
