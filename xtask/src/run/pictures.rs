//! `console,picture=NAME`: the containers of such a block are traced while it runs, drawn, and what happened is compared
//! with the book's picture. `stoppable` (chapter 14) traces and draws; it is a program of its own, so that whoever wants
//! no picture need not compile it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::engine::sandbox::Sandbox;
use crate::run::options::Wanted;
use crate::system::process;
use crate::system::wait::{Until, pidfd, wait};

/// How long a tracer may take to start, or to end when its container has.
const SOON: Duration = Duration::from_secs(60);

/// The pictures of one run of one chapter.
pub struct Pictures<'a> {
    sandbox: &'a Sandbox,
    wanted: &'a Wanted,
    /// What no tracer sees.
    pub extra: PathBuf,
    /// The tracer's image.
    tracer: String,
    watched: Vec<Watched>,
    seen: Vec<Seen>,
    /// When the block began, in seconds since 1970.
    began: f64,
    /// Whether its picture shows connections.
    connections: bool,
}

/// The variable with the name of a file for what no tracer sees, in lines of JSON: what a load generator lost, what a
/// balancer found out, what an engine on another machine did (`stoppable draw --help`).
pub const EXTRA: &str = "TRAPPING_SIGNALS_PICTURE";

/// A container with a tracer beside it.
struct Watched {
    id: String,
    title: String,
    tracer: Child,
    /// Where it is asked who is there: the answer comes when it has told all that was before, and will miss nothing after it.
    requests: Option<ChildStdin>,
    /// A word for each answer; one was asked for when it began.
    answers: Receiver<()>,
    /// How many have been asked for, and have not come.
    asked: usize,
    /// What it says; ends with it.
    events: Option<JoinHandle<Vec<u8>>>,
}

/// A block whose containers were watched.
struct Seen {
    picture: String,
    /// What stands below it, if not the containers' names.
    title: String,
    events: PathBuf,
}

/// A picture that was drawn.
pub struct Drawn {
    /// Its name.
    pub picture: String,
    /// How what happened differs from the book's picture, in words.
    pub difference: Option<String>,
}

impl<'a> Pictures<'a> {
    /// Builds the tracer's image.
    pub fn prepare(sandbox: &'a Sandbox, wanted: &'a Wanted, number: &str) -> Result<Pictures<'a>> {
        let extra = wanted.folder.join(format!("{number}-extra.jsonl"));
        fs::create_dir_all(&wanted.folder)
            .and_then(|()| fs::write(&extra, ""))
            .with_context(|| format!("cannot write {}", extra.display()))?;
        Ok(Pictures {
            extra,
            began: 0.0,
            connections: false,
            tracer: sandbox.build_tracer(&wanted.stoppable)?,
            sandbox,
            wanted,
            watched: Vec::new(),
            seen: Vec::new(),
        })
    }

    /// A block begins, whose picture may show connections, too.
    pub fn block_begins(&mut self, connections: bool) {
        if self.watched.is_empty() {
            self.began = now();
        }
        self.connections = connections;
    }

    /// Traces every container that runs and is not traced yet. What cannot be traced is told, with the reason.
    ///
    /// The tracer of one that has ended ends, too: podman does not remove a container while another one's namespace
    /// depends on it.
    pub fn look(&mut self) -> Result<Option<String>> {
        let alive = self.sandbox.alive()?;
        for watched in &mut self.watched {
            if !alive.iter().any(|container| container.id == watched.id) {
                watched.told()?;
            } else {
                watched.catch_up();
            }
        }
        for container in alive {
            let known = |watched: &Watched| watched.id == container.id;
            let ours = container.title.starts_with("stoppable-");
            if container.stopping || ours || self.watched.iter().any(known) {
                continue;
            }
            match self.trace(container.id, container.title)? {
                Ok(watched) => self.watched.push(watched),
                Err(reason) => return Ok(Some(reason)),
            }
        }
        Ok(None)
    }

    fn trace(&self, id: String, title: String) -> Result<Result<Watched, String>> {
        let mut command = self.sandbox.tool(&self.wanted.stoppable);
        command.args(["trace", "--json", "--tracer", &self.tracer, &id]);
        if self.connections {
            command.arg("--connections");
        }
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut tracer = command.spawn().context("cannot run stoppable")?;
        let (Some(mut stdout), Some(mut stderr)) = (tracer.stdout.take(), tracer.stderr.take())
        else {
            bail!("stoppable has no output");
        };
        let (answer, answers) = channel();
        let mut watched = Watched {
            id,
            title,
            requests: tracer.stdin.take(),
            tracer,
            answers,
            asked: 1,
            events: None,
        };
        // Until it watches; a container that is told something before that would be told it unseen.
        let (mut said, mut buffer) = (Vec::new(), [0; 4096]);
        while !contains(&said, b"\"attached\"") {
            let ready = wait(&[((), stdout.as_fd())], Until::within(SOON))?;
            let read = match ready {
                Some(_) => stdout.read(&mut buffer).context("cannot read events")?,
                None => 0,
            };
            if read == 0 {
                watched.end();
                let mut reason = String::new();
                let _ = stderr.read_to_string(&mut reason); // the reason is all there is
                return Ok(Err(format!(
                    "cannot trace {}: {}",
                    watched.title,
                    reason.trim()
                )));
            }
            said.extend_from_slice(&buffer[..read]);
        }
        if contains(&said, b"\"untraced\"") {
            let reason = String::from_utf8_lossy(&said).trim().to_owned();
            return Ok(Err(format!("cannot trace {}: {reason}", watched.title)));
        }
        watched.events = Some(std::thread::spawn(move || {
            let mut lines = BufReader::new(std::io::Cursor::new(said).chain(stdout));
            let (mut told, mut last) = (Vec::new(), 0);
            // What came before an error is what there is.
            while lines
                .read_until(b'\n', &mut told)
                .is_ok_and(|count| count > 0)
            {
                if contains(&told[last..], b"\"event\":\"processes\"") {
                    let _ = answer.send(()); // nobody waits for it when the block is over
                }
                last = told.len();
            }
            told
        }));
        Ok(Ok(watched))
    }

    /// A block has ended: what still runs is no longer watched, unless the next block `goes_on` with the picture. Where
    /// nothing was watched, `title` says what the picture shows.
    pub fn block_ends(
        &mut self,
        number: &str,
        picture: &str,
        title: &str,
        goes_on: bool,
    ) -> Result<()> {
        let alive = self.sandbox.alive()?;
        let runs = |watched: &Watched| alive.iter().any(|container| container.id == watched.id);
        if goes_on && self.watched.iter().any(runs) {
            return Ok(());
        }
        let mut lines = format!("{{\"from\": {}, \"to\": {}}}\n", self.began, now());
        let watched = std::mem::take(&mut self.watched);
        let title = if watched.is_empty() { title } else { "" };
        for mut watched in watched {
            if !runs(&watched) {
                watched.told()?;
            }
            watched.end();
            let told = watched.events.take().map(JoinHandle::join);
            let told = told.and_then(Result::ok).unwrap_or_default();
            let container = serde_json::json!({ "container": watched.title });
            lines += &format!("{container}\n");
            lines += &String::from_utf8_lossy(&told);
        }
        let file = format!("{number}-{picture}.{}.jsonl", self.seen.len());
        let events = self.wanted.folder.join(file);
        fs::write(&events, lines).with_context(|| format!("cannot write {}", events.display()))?;
        self.seen.push(Seen {
            picture: picture.to_owned(),
            title: title.to_owned(),
            events,
        });
        Ok(())
    }

    /// Draws what was seen, a picture each, and compares it with the pictures in `book`, but where there is to be a new
    /// one.
    pub fn finish(&self, number: &str, book: &Path) -> Result<Vec<Drawn>> {
        let names: BTreeSet<&str> = self.seen.iter().map(|seen| &*seen.picture).collect();
        names
            .into_iter()
            .map(|name| self.draw(number, name, book))
            .collect()
    }

    fn draw(&self, number: &str, name: &str, book: &Path) -> Result<Drawn> {
        let file = format!("{number}-{name}.html");
        let (out, kept) = (self.wanted.folder.join(&file), book.join(&file));
        let mut command = self.sandbox.tool(&self.wanted.stoppable);
        command
            .arg("draw")
            .arg(&out)
            .arg("--extra")
            .arg(&self.extra);
        for seen in self.seen.iter().filter(|seen| seen.picture == name) {
            let panel = format!("{}={}", seen.title, seen.events.display());
            command.arg("--panel").arg(panel);
        }
        if kept.exists() && !self.wanted.bless {
            command.arg("--compare").arg(&kept);
        }
        let output = process::run(&mut command, SOON)?;
        let difference = match output.status.code() {
            Some(0) if self.wanted.bless => {
                fs::create_dir_all(book)
                    .and_then(|()| fs::copy(&out, &kept))
                    .with_context(|| format!("cannot write {}", kept.display()))?;
                None
            }
            Some(0) if !kept.exists() => Some(format!(
                "the book has no picture {}; --bless puts this run's there",
                kept.display()
            )),
            Some(0) => None,
            Some(1) => Some(output.stdout),
            _ => bail!("cannot draw {file}: {}", output.stderr.trim()),
        };
        Ok(Drawn {
            picture: name.to_owned(),
            difference,
        })
    }
}

impl Watched {
    /// Waits until the tracer has told all that has happened so far: a signal that waits, who waits for signals. One that
    /// ends meanwhile tells all anyway.
    fn catch_up(&mut self) {
        let asked = self
            .requests
            .as_mut()
            .is_some_and(|requests| writeln!(requests).is_ok());
        self.asked += usize::from(asked);
        while self.asked > 0 && self.answers.recv_timeout(SOON).is_ok() {
            self.asked -= 1;
        }
    }

    /// Waits for the tracer of a container that has ended: it ends when it has told all.
    fn told(&mut self) -> Result<()> {
        if self.tracer.try_wait()?.is_none() {
            let pidfd = pidfd(&self.tracer)?;
            wait(&[((), pidfd.as_fd())], Until::within(SOON))?;
        }
        Ok(())
    }

    /// Ends the tracer, which lets the container go on; it may have ended.
    fn end(&mut self) {
        // Not yet waited for, so the number cannot have been given to another process.
        if let Ok(None) = self.tracer.try_wait() {
            let _ = kill(
                Pid::from_raw(self.tracer.id().cast_signed()),
                Signal::SIGTERM,
            );
        }
        let _ = self.tracer.wait();
    }
}

impl Drop for Pictures<'_> {
    fn drop(&mut self) {
        self.watched.iter_mut().for_each(Watched::end);
    }
}

/// The time of day, in seconds since 1970.
fn now() -> f64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map_or(0.0, |now| now.as_secs_f64())
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
