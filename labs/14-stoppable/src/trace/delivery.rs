//! What each stop of a task means, and how the task goes on from it.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::event::{Arrival, Disposition, End, Outcome, What};
use super::sender::Sender;
use super::set::{Default as Action, Sig};
use super::status::Status;
use super::stops::{self, Stop};
use super::sys::{self, Call, Resume};
use super::tracer::{Task, Tracer};
use super::{fetch, process, status};

/// A signal that is on its way arrives within this.
const SETTLE: Duration = Duration::from_millis(100);

/// What an instruction of a program's own can bring about: SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS.
const FAULTS: [i32; 6] = [4, 5, 7, 8, 11, 31];

impl<W: Write> Tracer<W> {
    /// One stop: tells what it means, and lets the task go on.
    pub(super) fn stop(&mut self, task: i32, stop: Stop) -> Result<()> {
        let process = self.process(task);
        match stop {
            Stop::Signal(signal) => return self.signal(task, process, signal),
            Stop::Group(signal) => {
                let known = self.tasks.entry(task).or_default();
                if !std::mem::replace(&mut known.stopped, true) && task == process {
                    self.tell(process, What::Stopped { signal })?;
                }
                // Listening, it stays stopped as it would without a tracer, and SIGCONT is reported.
                sys::resume(
                    task,
                    if self.leaving {
                        Resume::Untraced
                    } else {
                        Resume::Listen
                    },
                    None,
                );
                return Ok(());
            }
            Stop::Trap => {
                let known = self.tasks.entry(task).or_default();
                if std::mem::take(&mut known.stopped) && task == process {
                    self.tell(process, What::Continued)?;
                }
            }
            Stop::Fork => self.fork(task, process)?,
            Stop::Exec => self.exec(task)?,
            Stop::Exiting => self.exiting(task, process)?,
            Stop::Call => self.call(task, process)?,
            Stop::Ended(end) => {
                self.tasks.remove(&task);
                // Told already, but for a SIGKILL that leaves no time for that; the number may be given away now.
                if task == process && !self.ended.remove(&process) {
                    self.ended(process, end)?;
                }
                return Ok(());
            }
        }
        self.resume(task, None);
        Ok(())
    }

    /// The process of a task; a new task is looked up, as its first stop may come before its maker's event.
    fn process(&mut self, task: i32) -> i32 {
        let known = self.tasks.entry(task).or_default();
        if known.process == 0 {
            known.process = status::read(task).map_or(task, |status| status.process);
        }
        known.process
    }

    fn resume(&mut self, task: i32, signal: Option<Sig>) {
        let calls = self.tasks.get(&task).is_some_and(|task| task.calls);
        let how = match (self.leaving, calls) {
            (true, _) => Resume::Untraced,
            (false, true) => Resume::ToSystemCall,
            (false, false) => Resume::Freely,
        };
        sys::resume(task, how, signal);
        if self.leaving {
            self.tasks.remove(&task);
        } else if let (Some(known), Resume::ToSystemCall) = (self.tasks.get_mut(&task), how) {
            known.armed = true;
        }
    }

    /// A signal is about to be delivered.
    fn signal(&mut self, task: i32, process: i32, signal: Sig) -> Result<()> {
        let sender = sys::sender(task);
        if let Some(status) = status::read(task) {
            let outcome = outcome(process, signal, disposition(&status, signal));
            self.arrived(process, &status, signal, sender, outcome)?;
            // The kernel spares a traced PID 1 its own fault (force_sig_info_to_task in kernel/signal.c): it would
            // meet it again and again. Untraced, it ends as it does without us.
            let own = FAULTS.contains(&signal.0) && sender.is_some_and(|sender| sender.code > 0);
            if outcome == Outcome::Dropped && own {
                return self.let_go(process, task, signal);
            }
        }
        match self.ending {
            true => self.held.push((task, signal)),
            false => self.resume(task, Some(signal)),
        }
        Ok(())
    }

    /// Tells of a signal, with what `status` says of it in that moment.
    pub(super) fn arrived(
        &mut self,
        process: i32,
        status: &Status,
        signal: Sig,
        sender: Option<Sender>,
        outcome: Outcome,
    ) -> Result<()> {
        self.connections()?;
        let arrival = Arrival {
            signal,
            sender,
            disposition: disposition(status, signal),
            blocked: status.blocked,
            pending: status.pending,
            outcome,
        };
        self.tell(process, What::Signal(arrival))
    }

    /// Stops tracing one process; `task`, which is stopped, gets its signal.
    fn let_go(&mut self, process: i32, task: i32, signal: Sig) -> Result<()> {
        self.tell(
            process,
            What::Untraced {
                reason: format!("its own {signal} is about to end it"),
            },
        )?;
        sys::resume(task, Resume::Untraced, Some(signal));
        self.tasks.remove(&task);
        Ok(())
    }

    fn fork(&mut self, task: i32, process: i32) -> Result<()> {
        let Some(child) = sys::message(task).and_then(|child| i32::try_from(child).ok()) else {
            return Ok(());
        };
        match self.process(child) {
            other if other == process => Ok(()),
            other => self.tell(process, What::Fork { child: other }),
        }
    }

    /// All threads but one are gone, and that one has the process's number now.
    fn exec(&mut self, process: i32) -> Result<()> {
        self.tasks
            .retain(|task, known| known.process != process || *task == process);
        self.tasks.insert(
            process,
            Task {
                process,
                ..Task::default()
            },
        );
        self.tell(
            process,
            What::Exec {
                command: process::command(process),
            },
        )
    }

    fn exiting(&mut self, task: i32, process: i32) -> Result<()> {
        let status = sys::message(task).and_then(|status| i32::try_from(status).ok());
        match status.and_then(stops::end) {
            Some(end) if task == process => {
                self.ended.insert(process);
                if process == 1 {
                    self.settle()?;
                    // It is stopped, its descriptors still open: a connection that is there now is cut off by its end.
                    self.connections()?;
                }
                self.ended(process, end)?;
                for (task, signal) in std::mem::take(&mut self.held) {
                    self.resume(task, Some(signal));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// PID 1 may have sent signals just before its end: who gets one is told, and held, so that nobody gains time by
    /// our waiting for it.
    fn settle(&mut self) -> Result<()> {
        self.ending = true;
        let until = Instant::now() + SETTLE;
        loop {
            self.stops()?;
            let others = self.tasks.iter().filter(|(task, known)| {
                known.process != 1
                    && !known.stopped
                    && self.held.iter().all(|(held, _)| held != *task)
            });
            // A signal waits, or has just been taken out of the pending set and its stop is about to come.
            let under_way = |task: i32| {
                status::read(task).is_some_and(|status| {
                    let waits = status.pending.0 & !status.blocked.0 & fetch::INTERESTING.0 != 0;
                    waits || matches!(status.state, 'R' | 't')
                })
            };
            if Instant::now() >= until || !others.map(|(task, _)| *task).any(under_way) {
                break;
            }
            std::thread::yield_now();
        }
        self.ending = false;
        Ok(())
    }

    fn ended(&mut self, process: i32, end: End) -> Result<()> {
        self.waiting.remove(&process);
        let left = if process == 1 {
            process::all()
        } else {
            Vec::new()
        };
        let left = left
            .into_iter()
            .filter(|other| other.pid != 1 && !other.zombie())
            .collect();
        self.tell(process, What::Exit { end, left })
    }

    fn call(&mut self, task: i32, process: i32) -> Result<()> {
        let known = self.tasks.entry(task).or_default();
        match (sys::call(task), known.call.take()) {
            (Some(Call::Entry(number, arguments)), _) => known.call = Some((number, arguments)),
            (Some(Call::Exit(returned)), Some(call)) => {
                for (signal, sender, outcome) in fetch::taken(process, task, call, returned) {
                    let status = status::read(task).unwrap_or_default();
                    self.arrived(process, &status, signal, sender, outcome)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// What a task wants done with a signal.
fn disposition(status: &Status, signal: Sig) -> Disposition {
    match (status.caught.has(signal), status.ignored.has(signal)) {
        (true, _) => Disposition::Handler,
        (false, true) => Disposition::Ignored,
        (false, false) => Disposition::Default,
    }
}

/// What the kernel is going to do, `get_signal` in kernel/signal.c.
fn outcome(process: i32, signal: Sig, disposition: Disposition) -> Outcome {
    match (disposition, signal.default()) {
        (Disposition::Handler, _) => Outcome::Handler,
        (Disposition::Ignored, _) | (_, Action::Ignore) => Outcome::Ignored,
        (_, Action::Continue) => Outcome::Continues,
        // SIGSTOP from outside reaches PID 1; what comes from inside never gets here.
        (_, Action::Stop) if process != 1 || signal.0 == 19 => Outcome::Stops,
        (_, Action::End) if process != 1 => Outcome::Ends,
        (_, Action::Stop | Action::End) => Outcome::Dropped,
    }
}
