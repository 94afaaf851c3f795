//! When is a container ready? Never after a fixed time.

use std::io::{BufRead, BufReader};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::patient::Ready;
use crate::engine::container::Container;
use crate::engine::watch::Watch;
use crate::trace::event::{Event, What};
use crate::trace::request::Request;

/// The longest that is waited.
const LONGEST: Duration = Duration::from_secs(60);
/// Nothing has happened for so long, and everybody sleeps.
const QUIET: u64 = 250;
/// Between two looks where nothing tells.
const LOOK: Duration = Duration::from_millis(30);

/// Everybody sleeps for so long, and nobody has begun to listen: nobody will.
const NOBODY: u64 = 5000;

/// Waits until the container is ready or has ended, or for a minute. Returns ports on which somebody was to listen, and
/// nobody does.
pub fn wait(container: &Container, watch: Option<&Watch>, ready: &Ready) -> Result<Vec<u16>> {
    let until = Instant::now() + LONGEST;
    match (ready, watch) {
        (Ready::Line(pattern), _) => line(container, pattern, until)?,
        (Ready::Quiet(ports), Some(watch)) => {
            if !ports.is_empty() {
                let mark = watch.mark();
                ports
                    .iter()
                    .for_each(|port| watch.ask(Request::Listening(*port)));
                watch.ask(Request::Quiet(NOBODY));
                let over = |event: &Event| match event.what {
                    What::Listening { .. } => Some(true),
                    What::Quiet => Some(false),
                    _ => None,
                };
                if watch.wait_for(mark, over, LONGEST) == Some(false) {
                    return Ok(ports.clone());
                }
            }
            let mark = watch.mark();
            watch.ask(Request::Quiet(QUIET));
            let quiet = |event: &Event| matches!(event.what, What::Quiet).then_some(());
            // A container that never sleeps is as ready as it will be.
            watch.wait_for(mark, quiet, QUIET_AT_MOST);
        }
        (Ready::Quiet(_), None) => silent(container, until)?,
    }
    Ok(Vec::new())
}

/// A program that computes without end is never quiet.
const QUIET_AT_MOST: Duration = Duration::from_secs(10);

/// Until a line fits, or the output ends.
fn line(container: &Container, pattern: &regex_lite::Regex, until: Instant) -> Result<()> {
    let mut logs = container.follow()?;
    let (sender, receiver) = mpsc::channel();
    let readers: [Option<Box<dyn std::io::Read + Send>>; 2] = [
        logs.stdout.take().map(|pipe| Box::new(pipe) as _),
        logs.stderr.take().map(|pipe| Box::new(pipe) as _),
    ];
    for reader in readers.into_iter().flatten() {
        let (sender, pattern) = (sender.clone(), pattern.clone());
        std::thread::spawn(move || {
            let lines = BufReader::new(reader).split(b'\n').map_while(Result::ok);
            // After the first one nobody listens: then reading ends, too.
            let _ = lines
                .filter(|line| pattern.is_match(&String::from_utf8_lossy(line)))
                .try_for_each(|_| sender.send(()));
        });
    }
    drop(sender);
    let _ = receiver.recv_timeout(until.saturating_duration_since(Instant::now()));
    let _ = logs.kill();
    logs.wait()?;
    Ok(())
}

/// Until it prints nothing more: all that can be seen without a tracer.
fn silent(container: &Container, until: Instant) -> Result<()> {
    let (mut last, mut since) = (Vec::new(), Instant::now());
    while Instant::now() < until && since.elapsed() < Duration::from_millis(500) {
        // No engine tells when a container prints nothing.
        #[allow(clippy::disallowed_methods)]
        std::thread::sleep(LOOK);
        if !container.running()? {
            return Ok(());
        }
        let now = container.logs(50)?;
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    Ok(())
}
