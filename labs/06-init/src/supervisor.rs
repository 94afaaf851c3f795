//! What to do when a signal comes, when an alarm goes off, when a child has ended.

use std::mem;
use std::time::{Duration, Instant};

use nix::libc::{self, c_int};
use nix::unistd::{self, Pid};

use crate::memory;
use crate::options::Options;
use crate::say;
use crate::signals::{Name, Signals, reap, send};
use lab_06_init::processes::{Process, descendants};

/// How long to wait for what SIGKILL does not end: a process of somebody we may not signal, or
/// one that is stuck in the kernel.
const PATIENCE: Duration = Duration::from_secs(1);

/// When the start is over, and only what goes on has to stay in memory.
const STARTED: Duration = Duration::from_secs(1);

/// What will happen at its time.
enum Alarm {
    /// The start is over.
    Started,
    /// The stop signal goes out, after `--delay` or once more after `--repeat`.
    Stop,
    /// `--wait` is over.
    Kill,
    /// So is our patience.
    GiveUp,
}

/// The state of one run.
pub struct Supervisor<'a> {
    options: &'a Options,
    command: Pid,
    /// The command's exit code, once it has ended.
    code: Option<u8>,
    alarms: Vec<(Instant, Alarm)>,
    stopping: bool,
    /// The command's group has got the stop signal.
    told: bool,
    killing: bool,
    done: bool,
}

impl<'a> Supervisor<'a> {
    pub fn new(options: &'a Options, command: Pid) -> Self {
        options.log(format_args!("started {command}"));
        let mut supervisor = Self {
            options,
            command,
            code: None,
            alarms: Vec::new(),
            stopping: false,
            told: false,
            killing: false,
            done: false,
        };
        supervisor.set(STARTED, Alarm::Started);
        supervisor
    }

    // ANCHOR: run
    /// Returns the exit code to end with.
    pub fn run(mut self, signals: &Signals) -> nix::Result<u8> {
        while !self.done {
            let soonest = self.alarms.iter().map(|(at, _)| *at).min();
            match signals.next(soonest)? {
                Some(signal) => self.receive(signal),
                None => self.ring(),
            }
        }
        let killed = 128 + libc::SIGKILL.unsigned_abs() as u8;
        Ok(self.options.exit_code(self.code.unwrap_or(killed)))
    }

    fn receive(&mut self, signal: c_int) {
        self.options.log(format_args!("got {}", Name(signal)));
        match signal {
            libc::SIGCHLD => self.reap(),
            _ if self.options.is_stop(signal) => self.stop(),
            _ => self.forward(signal),
        }
        if matches!(signal, libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU) {
            // Nothing can block SIGSTOP: we stand still here, until SIGCONT. But
            // not as PID 1: the kernel drops it.
            let _ = send(unistd::getpid(), libc::SIGSTOP);
        }
    }
    // ANCHOR_END: run

    // ANCHOR: forward
    fn forward(&self, signal: c_int) {
        match self.options.rewritten(signal) {
            0 => self.options.log(format_args!("dropped {}", Name(signal))),
            sent => self.send_to_command(sent),
        }
    }

    fn send_to_command(&self, signal: c_int) {
        self.options.log(format_args!("sending {}", Name(signal)));
        // Until the command has called setsid, there is no such group.
        let group = Pid::from_raw(-self.command.as_raw());
        let sent = self.options.session && send(group, signal).is_ok();
        if !sent && self.code.is_none() {
            let _ = send(self.command, signal);
        }
    }
    // ANCHOR_END: forward

    // ANCHOR: reap
    fn reap(&mut self) {
        let running = self.code.is_none();
        // One SIGCHLD may stand for any number of children.
        loop {
            match reap() {
                Ok(Some((pid, code))) => {
                    self.options.log(format_args!("{pid} ended with {code}"));
                    if pid == self.command {
                        self.code = Some(code);
                    }
                }
                Ok(None) => break, // the others are alive
                Err(_) => {
                    self.done = true; // there are no others
                    break;
                }
            }
        }
        if running && self.code.is_some() {
            self.command_ended();
        }
        if self.killing {
            self.kill(); // whoever was born since, or has just been adopted
        }
    }

    /// What the command has left behind is told to end, too.
    fn command_ended(&mut self) {
        let signal = self.options.rewritten(libc::SIGTERM);
        if self.options.wait.is_none() {
            if self.options.session && signal != 0 {
                self.send_to_command(signal);
            }
            self.done = true;
            return;
        }
        // Nobody is told twice: to many a program, the
        // second SIGTERM means "at once".
        let told = |process: &Process| self.told && process.group == self.command;
        let family = descendants(unistd::getpid());
        // A parent may reap one of them meanwhile. Linux goes round all numbers
        // before it gives one out again.
        for process in family.iter().filter(|process| !told(process)) {
            let _ = send(process.pid, signal);
        }
        self.begin_stop();
    }
    // ANCHOR_END: reap

    // ANCHOR: stop
    fn stop(&mut self) {
        let first = self.begin_stop();
        let is_stop = |alarm: &Alarm| matches!(alarm, Alarm::Stop);
        self.alarms.retain(|(_, alarm)| !is_stop(alarm));
        match self.options.delay {
            // A second signal does not wait: somebody is in a hurry.
            Some(delay) if first => self.set(delay, Alarm::Stop),
            _ => self.send_stop(),
        }
    }

    fn send_stop(&mut self) {
        self.forward(self.options.stop_signal);
        self.told = self.options.session;
        if let Some(pause) = self.options.repeat {
            self.set(pause, Alarm::Stop);
        }
    }

    /// From now on the time runs. Returns whether this is the first time.
    fn begin_stop(&mut self) -> bool {
        let first = !mem::replace(&mut self.stopping, true);
        if let Some(limit) = self.options.wait.filter(|_| first) {
            self.set(limit, Alarm::Kill);
        }
        first
    }

    fn set(&mut self, after: Duration, alarm: Alarm) {
        // A moment beyond what a clock can show never comes.
        let at = Instant::now().checked_add(after);
        self.alarms.extend(at.map(|at| (at, alarm)));
    }

    // ANCHOR_END: stop

    // ANCHOR: ring
    /// The soonest alarm goes off.
    fn ring(&mut self) {
        let all = 0..self.alarms.len();
        let soonest = all.min_by_key(|&index| self.alarms[index].0);
        match soonest.map(|index| self.alarms.swap_remove(index).1) {
            Some(Alarm::Started) => memory::give_back(),
            Some(Alarm::Stop) => self.send_stop(),
            Some(Alarm::Kill) => {
                say(format_args!("time is over: SIGKILL to all that is left"));
                self.killing = true;
                self.kill();
                self.set(PATIENCE, Alarm::GiveUp);
            }
            Some(Alarm::GiveUp) => self.done = true,
            None => {}
        }
    }

    fn kill(&self) {
        self.send_to_command(libc::SIGKILL);
        for process in descendants(unistd::getpid()) {
            let _ = send(process.pid, libc::SIGKILL);
        }
    }
    // ANCHOR_END: ring
}
