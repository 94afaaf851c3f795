//! The tracer in its helper container, from outside: what it reports, and what it is asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::command::{Engine, SOON, wait};
use super::{cleanup, names};
use crate::trace::event::{Event, What};
use crate::trace::process::Process;
use crate::trace::request::Request;

/// A tracer at work in the PID namespace of a container.
pub struct Watch {
    engine: Engine,
    name: String,
    child: Child,
    requests: Option<Arc<ChildStdin>>,
    shared: Arc<Shared>,
    /// When the tracer's clock stood at 0, as far as can be seen from here.
    pub zero: Instant,
    /// Why processes could not be traced; the tracer still sees what /proc shows.
    pub refused: Option<String>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    events: Vec<Event>,
    dropped: usize,
    over: bool,
}

/// More events than this are counted and not kept.
const KEPT: usize = 50_000;

impl Watch {
    /// Starts the helper beside a running container, and waits until it watches every process.
    pub fn start(engine: &Engine, image: &str, container: &str) -> Result<Watch> {
        let name = names::name("trace");
        // Held until its container is there, or it would be made when everything else has been removed.
        let permit = cleanup::permit()?;
        cleanup::container(&name);
        let pid = format!("--pid=container:{container}");
        let words = [
            "run",
            "-i",
            "--rm",
            "--name",
            &name,
            &pid,
            "--cap-add",
            "SYS_PTRACE",
            image,
        ];
        let mut command = engine.command(words);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot run the engine")?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let shared = Arc::new(Shared::default());
        if let Some(stdout) = stdout {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.read(stdout));
        }
        let said = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.map(|stderr| stderr.take(1 << 16).read_to_string(&mut text));
            text
        });
        let mut watch = Watch {
            engine: engine.clone(),
            name,
            child,
            requests: stdin.map(Arc::new),
            shared,
            zero: Instant::now(),
            refused: None,
        };
        let attached =
            |event: &Event| matches!(event.what, What::Attached { .. }).then_some(event.at);
        let at = watch.wait_for(0, attached, SOON);
        drop(permit);
        let Some(at) = at else {
            drop(watch);
            let said = said.join().unwrap_or_default();
            bail!("the tracer did not start: {}", said.trim());
        };
        watch.zero = Instant::now()
            .checked_sub(Duration::from_secs_f64(at))
            .unwrap_or(watch.zero);
        watch.refused = watch
            .events()
            .into_iter()
            .find_map(|event| match event.what {
                What::Untraced { reason } if event.pid == 1 => Some(reason),
                _ => None,
            });
        Ok(watch)
    }

    /// Seconds on the tracer's clock, now.
    pub fn now(&self) -> f64 {
        self.zero.elapsed().as_secs_f64()
    }

    /// How many events there are so far: a place from which to wait for the next.
    pub fn mark(&self) -> usize {
        self.shared.lock().events.len()
    }

    /// Asks something. That the tracer is gone is seen by whoever waits for an answer.
    pub fn ask(&self, request: Request) {
        if let Some(requests) = &self.requests {
            let _ = writeln!(&**requests, "{request}");
        }
    }

    /// For asking from another thread, as long as there is a tracer.
    pub fn requests(&self) -> Weak<ChildStdin> {
        self.requests
            .as_ref()
            .map(Arc::downgrade)
            .unwrap_or_default()
    }

    /// Waits for the first event at or after `mark` of which `wanted` makes something; `None` when time or tracer end.
    pub fn wait_for<T>(
        &self,
        mark: usize,
        wanted: impl Fn(&Event) -> Option<T>,
        bound: Duration,
    ) -> Option<T> {
        let (until, mut next) = (Instant::now() + bound, mark);
        let mut state = self.shared.lock();
        loop {
            while let Some(event) = state.events.get(next) {
                next += 1;
                if let Some(found) = wanted(event) {
                    return Some(found);
                }
            }
            let left = until.saturating_duration_since(Instant::now());
            if state.over || left.is_zero() {
                return None;
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// All processes as they are, and the ports that are listened on; `None` when the tracer is gone.
    pub fn processes(&self) -> Option<(Vec<Process>, Vec<u16>)> {
        let mark = self.mark();
        self.ask(Request::Processes);
        let snapshot = |event: &Event| match &event.what {
            What::Processes { processes, ports } => Some((processes.clone(), ports.clone())),
            _ => None,
        };
        self.wait_for(mark, snapshot, Duration::from_secs(10))
    }

    /// All events so far.
    pub fn events(&self) -> Vec<Event> {
        self.shared.lock().events.clone()
    }

    /// Waits for the tracer's end, which comes with the container's, and returns all that it said.
    pub fn finish(mut self) -> Vec<Event> {
        self.requests = None;
        let _ = self.wait_for(usize::MAX, |_| None::<()>, Duration::from_secs(5));
        let mut events = self.events();
        let dropped = self.shared.lock().dropped;
        if let (true, Some(last)) = (dropped > 0, events.last()) {
            let reason = format!("{dropped} more events were too many to keep");
            events.push(Event {
                what: What::Untraced { reason },
                ..last.clone()
            });
        }
        events
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, stdout: impl Read) {
        for line in BufReader::new(stdout).lines() {
            let Ok(line) = line else { break };
            // The end of the namespace may cut the last line.
            let Ok(event) = serde_json::from_str(&line) else {
                continue;
            };
            let mut state = self.lock();
            match state.events.len() < KEPT {
                true => state.events.push(event),
                false => state.dropped += 1,
            }
            self.changed.notify_all();
        }
        self.lock().over = true;
        self.changed.notify_all();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.requests = None;
        // Without requests it lets everybody go and ends; a namespace that ended has ended it already. Its container
        // removes itself then.
        if !matches!(wait(&mut self.child, Duration::from_secs(5)), Ok(Some(_))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
            cleanup::remove(&self.engine, &self.name);
        }
    }
}
