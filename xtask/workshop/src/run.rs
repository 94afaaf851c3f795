//! The runner as a child: what it prints comes as events, and it can be told to give up.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;

use crate::events::Event;

/// The runner, and what it is always told.
#[derive(Debug, Clone)]
pub struct Runner {
    program: PathBuf,
    root: PathBuf,
    engine: String,
}

/// What is run of a lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The learner's files.
    Exercise,
    /// The chapter.
    Lab,
}

/// A line that the runner says (`xtask/events.schema.json`).
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Line {
    /// A lab begins.
    Lab {
        /// The engine that it runs on.
        engine: String,
    },
    /// A command begins.
    Step {
        /// The command.
        command: String,
    },
    /// It prints.
    Output {
        /// Some of it.
        text: String,
    },
    /// It has ended.
    StepEnded {
        /// How its output differs from the book's.
        difference: Option<String>,
    },
    /// A block does not run here.
    Skipped {
        /// Why.
        reason: String,
    },
    /// A lab has ended.
    LabEnded {
        /// How it came out.
        verdict: Verdict,
        /// What is wrong.
        problem: Option<String>,
        /// The hint that fits.
        hint: Option<String>,
        /// Its key.
        hint_key: Option<String>,
    },
    /// Something that this program does not need.
    #[serde(other)]
    Other,
}

/// How a run came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As the book says.
    Passed,
    /// Not so.
    Failed,
    /// This machine cannot tell.
    CannotRun,
}

/// A child at work.
#[derive(Debug)]
pub struct Run {
    /// Which of all runs this is.
    pub id: u64,
    /// What it runs.
    pub what: What,
    /// Its number; none when it was told to give up, or is about to be waited for, and the number is soon somebody else's.
    pid: Arc<Mutex<Option<Pid>>>,
}

impl Runner {
    /// The runner `program` for the checkout `root`, on this engine.
    pub fn new(program: PathBuf, root: PathBuf, engine: String) -> Runner {
        Runner {
            program,
            root,
            engine,
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.root).stdin(Stdio::null());
        command
    }

    /// The runner's list of all labs, as JSON.
    pub fn list(&self) -> Result<String> {
        let mut command = self.command();
        command.args(["lab", "--format", "json"]);
        let output = command.output().context("cannot start the runner")?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim_end());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Starts a run; its events bear `id`.
    pub fn start(&self, what: What, slug: &str, id: u64, to: &Sender<Event>) -> Result<Run> {
        let verb = match what {
            What::Exercise => "exercise",
            What::Lab => "lab",
        };
        let mut command = self.command();
        command.args([verb, slug, "--format", "jsonl", "--engine", &self.engine]);
        let mut child = group(&mut command)?;
        let pid = Arc::new(Mutex::new(Some(number(&child))));
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (to, known) = (to.clone(), Arc::clone(&pid));
        let complaints = thread::spawn(move || {
            let mut said = Vec::new();
            if let Some(stderr) = stderr {
                // What came before an error is what there is.
                let _ = stderr.take(1 << 16).read_to_end(&mut said);
            }
            String::from_utf8_lossy(&said).into_owned()
        });
        thread::spawn(move || {
            let lines = stdout.map(|stdout| BufReader::new(stdout).lines());
            for line in lines.into_iter().flatten().map_while(Result::ok) {
                if let Ok(line) = serde_json::from_str(&line) {
                    let _ = to.send(Event::Line(id, line));
                }
            }
            *lock(&known) = None;
            let status = child.wait().ok();
            let status = status.and_then(|it| it.code().or(it.signal().map(|number| 128 + number)));
            let said = complaints.join().unwrap_or_default();
            let _ = to.send(Event::Ended(id, status, said));
        });
        Ok(Run { id, what, pid })
    }

    /// Starts the live book; each line that it prints is an event.
    pub fn book(&self, to: &Sender<Event>) -> Result<Book> {
        let mut command = self.command();
        command.args(["book", "serve", "--open", "--port", "0"]);
        let mut child = group(&mut command)?;
        for output in [
            child
                .stdout
                .take()
                .map(|it| Box::new(it) as Box<dyn Read + Send>),
            child
                .stderr
                .take()
                .map(|it| Box::new(it) as Box<dyn Read + Send>),
        ] {
            let to = to.clone();
            thread::spawn(move || {
                let lines = output.map(|output| BufReader::new(output).lines());
                for line in lines.into_iter().flatten().map_while(Result::ok) {
                    let _ = to.send(Event::Book(line));
                }
            });
        }
        Ok(Book(child))
    }
}

/// The live book at work. It goes with this.
#[derive(Debug)]
pub struct Book(Child);

impl Drop for Book {
    fn drop(&mut self) {
        // It is ours until it is waited for, here.
        let _ = kill(number(&self.0), Signal::SIGTERM);
        let _ = self.0.wait();
    }
}

impl Run {
    /// Tells it to give up, as Ctrl-C does. It cleans up; its end is an event.
    pub fn give_up(&self) {
        // The number is its own as long as it is there: it is taken away before the child is waited for. Once is enough.
        if let Some(pid) = lock(&self.pid).take() {
            let _ = kill(pid, Signal::SIGINT);
        }
    }
}

/// Starts a command in a process group of its own: a Ctrl-C at our terminal is ours, and what we make of it comes to the
/// child once.
fn group(command: &mut Command) -> Result<Child> {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .context("cannot start the runner")
}

fn number(child: &Child) -> Pid {
    // pid_t is signed and positive: the cast back is exact.
    Pid::from_raw(child.id().cast_signed())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
