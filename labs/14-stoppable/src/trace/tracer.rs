//! The tracer: one thread that waits for every stop of every task, says what it means, and lets the task go on as it
//! would have without us.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::event::{Event, What};
use super::request::Request;
use super::set::{Set, Sig};
use super::{attach, fetch, ports, process, status, stops, sys};

/// How often the tracer looks at what no event tells: signals that wait, who fetches signals, whether all is quiet.
const LOOK: Duration = Duration::from_millis(20);

/// And at connections: of two that are closed one soon after the other, one was first.
const CONNECTIONS: Duration = Duration::from_millis(2);

/// A thread that computes, its signals blocked, may do so for ever; one that is about to wait for them waits within this.
const ARMED: Duration = Duration::from_millis(300);

/// One thread of the container.
#[derive(Default)]
pub(super) struct Task {
    /// Its process.
    pub(super) process: i32,
    /// Stopped at each system call, because it fetches signals.
    pub(super) calls: bool,
    /// It has gone on from a stop since then: no call is missed any more.
    pub(super) armed: bool,
    /// The call that it is in.
    pub(super) call: Option<(u64, [u64; 6])>,
    /// In a group-stop.
    pub(super) stopped: bool,
}

/// Traces everything until nobody is left, or `requests` ends.
pub struct Tracer<W> {
    pub(super) began: Instant,
    pub(super) output: W,
    pub(super) tasks: BTreeMap<i32, Task>,
    /// Processes whose end has been told.
    pub(super) ended: BTreeSet<i32>,
    /// Blocked signals that have been told.
    pub(super) waiting: BTreeMap<i32, Set>,
    /// When something last happened.
    pub(super) last: Instant,
    /// Who waits for quiet.
    pub(super) quiet: Option<Duration>,
    /// Ports that somebody waits for.
    pub(super) awaited: Vec<u16>,
    /// The connections, if anybody wants to hear of them.
    pub(super) connections: Option<ports::Connections>,
    /// Orphans that PID 1 should reap, and until when.
    pub(super) orphans: Vec<(i32, Instant)>,
    /// Stopped by a signal, while PID 1 is about to end: they go on when it does.
    pub(super) held: Vec<(i32, Sig)>,
    /// PID 1 is about to end.
    pub(super) ending: bool,
    /// The begin of a request.
    pub(super) heard: Vec<u8>,
    pub(super) leaving: bool,
}

impl<W: Write> Tracer<W> {
    /// A tracer that writes its events to `output`.
    pub fn new(output: W) -> Tracer<W> {
        let now = Instant::now();
        Tracer {
            began: now,
            output,
            tasks: BTreeMap::new(),
            ended: BTreeSet::new(),
            waiting: BTreeMap::new(),
            last: now,
            quiet: None,
            awaited: Vec::new(),
            connections: None,
            orphans: Vec::new(),
            held: Vec::new(),
            ending: false,
            heard: Vec::new(),
            leaving: false,
        }
    }

    /// Traces, and answers what `requests` asks. Ends when nobody is left to be traced, or lets everybody go when
    /// `requests` ends.
    pub fn run(mut self, mut requests: impl Read + AsFd) -> Result<()> {
        // kill(-1, ...) of a PID 1 reaches us, too: what can be blocked is, and only SIGCHLD is looked at.
        SigSet::all()
            .thread_set_mask()
            .context("cannot block signals")?;
        let mut children = SigSet::empty();
        children.add(Signal::SIGCHLD);
        let children =
            SignalFd::with_flags(&children, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        self.attach()?;
        let mut look = Instant::now();
        while self.stops()? {
            let mut fds = [
                PollFd::new(children.as_fd(), PollFlags::POLLIN),
                PollFd::new(requests.as_fd(), PollFlags::POLLIN),
            ];
            let count = if self.leaving { 1 } else { 2 };
            let soon = match self.connections {
                Some(_) => CONNECTIONS,
                None => LOOK,
            };
            let timeout = PollTimeout::try_from(soon).unwrap_or(PollTimeout::ZERO);
            match poll(&mut fds[..count], timeout) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error).context("cannot wait for events"),
            }
            let asked = fds[1].revents().is_some_and(|events| !events.is_empty());
            while let Ok(Some(_)) = children.read_signal() {}
            if asked && !self.leaving {
                self.hear(&mut requests)?;
            }
            self.connections()?;
            let now = Instant::now();
            if now >= look {
                self.look()?;
                // Where hundreds of processes are looked at, that must not take all of our time.
                look = Instant::now() + LOOK.max(now.elapsed() * 10);
            }
        }
        Ok(())
    }

    fn attach(&mut self) -> Result<()> {
        let attached = attach::everything();
        for (task, process) in &attached.tasks {
            self.tasks.insert(
                *task,
                Task {
                    process: *process,
                    ..Task::default()
                },
            );
        }
        for (pid, reason) in attached.refused {
            self.tell(pid, What::Untraced { reason })?;
        }
        self.arm()?;
        self.tell(
            1,
            What::Attached {
                threads: attached.tasks.len(),
                clock: SystemTime::now()
                    .duration_since(SystemTime::UNIX_EPOCH)
                    .map_or(0.0, |clock| clock.as_secs_f64()),
            },
        )
    }

    /// Waits until each task that fetches signals stops at its system calls, or a signal that comes as soon as we have said
    /// that we watch is fetched unseen. One that runs just now and blocks signals may be on its way to fetch them.
    fn arm(&mut self) -> Result<()> {
        let until = Instant::now() + ARMED;
        loop {
            self.fetchers();
            let left = self.stops()?;
            let blind = self.tasks.iter().any(|(task, known)| match known.calls {
                true => !known.armed && !known.stopped,
                false => fetch::undecided(*task),
            });
            if !left || !blind || Instant::now() >= until {
                return Ok(());
            }
            std::thread::yield_now();
        }
    }

    /// All stops and ends that are there. Says false when nobody is left.
    pub(super) fn stops(&mut self) -> Result<bool> {
        loop {
            match sys::wait() {
                Ok(Some((task, raw))) => {
                    if let Some(stop) = stops::decode(raw) {
                        self.stop(task, stop)?;
                    }
                }
                Ok(None) => return Ok(true),
                Err(Errno::ECHILD) => return Ok(false),
                Err(Errno::EINTR) => {}
                Err(error) => {
                    return Err(error).context("cannot wait for the container's processes");
                }
            }
        }
    }

    /// Reads what was asked; the end of the requests lets everybody go.
    fn hear(&mut self, requests: &mut impl Read) -> Result<()> {
        let mut bytes = [0; 4096];
        let count = requests.read(&mut bytes).unwrap_or(0);
        if count == 0 {
            self.leaving = true;
            self.tasks.keys().for_each(|task| sys::interrupt(*task));
            return Ok(());
        }
        self.heard.extend_from_slice(&bytes[..count]);
        while let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.heard.drain(..=end).collect();
            if let Some(request) = Request::parse(&String::from_utf8_lossy(&line)) {
                self.answer(request)?;
            }
        }
        Ok(())
    }

    fn answer(&mut self, request: Request) -> Result<()> {
        match request {
            Request::Processes => {
                // What was there before this answer has been seen, and what comes after it will be.
                self.arm()?;
                self.look()?;
                let what = What::Processes {
                    processes: process::all(),
                    ports: ports::listening(1),
                };
                self.tell(1, what)?;
            }
            Request::Quiet(time) => self.quiet = Some(Duration::from_millis(time)),
            Request::Listening(port) => self.awaited.push(port),
            Request::Connections => {
                self.connections.get_or_insert_default();
            }
            Request::Orphan(time) => {
                let until = Instant::now() + Duration::from_millis(time);
                self.orphans
                    .push((sys::orphan().context("cannot fork")?, until));
            }
            // It may be gone.
            Request::Signal(pid, signal) => drop(sys::kill(pid, signal)),
        }
        Ok(())
    }

    pub(super) fn tell(&mut self, pid: i32, what: What) -> Result<()> {
        if !matches!(what, What::Processes { .. } | What::Quiet) {
            self.last = Instant::now();
        }
        let name = status::read(pid).map_or_else(String::new, |status| status.name);
        let event = Event {
            at: self.began.elapsed().as_secs_f64(),
            pid,
            name,
            what,
        };
        let mut line = serde_json::to_vec(&event).context("cannot write an event")?;
        line.push(b'\n');
        self.output
            .write_all(&line)
            .and_then(|()| self.output.flush())
            .context("nobody reads our events")
    }
}
