//! The monitor: one small process beside each running container. There is no daemon; it alone holds
//! the container's output, knows its wait status, and cleans up.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::time::Instant;

use nix::libc;

use crate::error::{StartError, plain};
use crate::monitor::channel::Wants;
use crate::monitor::proxy::{self, Proxy};
use crate::monitor::pump::Pump;
use crate::monitor::restart::{Backoff, is_due};
use crate::monitor::socket;
use crate::monitor::spawn::{Spawned, spawn, start_proxy};
use crate::monitor::streams::{Streams, pipes};
use crate::pid1::join;
use crate::pid1::stdio::Stdio;
use crate::pidfd::{PidFd, start_ticks};
use crate::store::container::{Container, State, Status};
use crate::store::disk::Store;
use crate::store::events;
use crate::store::log::Writer;
use crate::time;

/// What the monitor works with.
pub(crate) struct Monitor<'a> {
    store: &'a Store,
    container: &'a Container,
    /// The lock that says "watched", and the place for the exit code.
    status: File,
    /// The mount namespace of the container: closed when all is said.
    mounts: Option<File>,
}

/// A container that runs.
struct Running {
    pid1: PidFd,
    streams: Streams,
    /// Carries its published ports for as long as this lives.
    proxy: Option<Proxy>,
}

/// What stands in the status file until there is an exit code, and how the code is written over it: in place, so that
/// a disk that is full by then can still take it.
const NO_CODE: &str = "   ";

impl<'a> Monitor<'a> {
    /// For a container whose lock, `status`, the caller holds.
    pub(crate) fn new(store: &'a Store, container: &'a Container, status: File) -> Self {
        Self {
            store,
            container,
            status,
            mounts: None,
        }
    }

    // ANCHOR: watch
    /// The life of the monitor: start, watch, record; again, if the restart policy
    /// says so.
    pub(crate) fn watch(
        mut self,
        client: UnixStream, // who started us
        wants: Wants,
    ) -> io::Result<()> {
        let config = &self.container.config;
        // Docker's rule: a pipe is closed when its only writer goes; a terminal
        // outlives its client.
        let stdin_once = config.open_stdin && config.attached && !config.tty;
        let mut pump = Pump::new(Some(socket::listen(config)?), stdin_once);
        pump.add(client, wants)?;
        let mut state = State {
            restarts: 0,
            ..self.container.state()
        };
        let mut backoff = Backoff::new();
        let code = loop {
            match self.begin(&state) {
                Ok((running, started)) => {
                    events::record(self.store, config, "start", &[]);
                    pump.tell_start();
                    state = self.until_end(running, &mut pump, started)?;
                }
                Err(error) => {
                    self.fail(&state, &error);
                    pump.tell_failure(&error);
                    break error.code;
                }
            }
            if state.status != Status::Restarting {
                break state.exit_code;
            }
            // The clients of this PID 1 have seen its end, and are not the next
            // one's: as with Docker.
            pump.dismiss(state.exit_code);
            let again = Instant::now() + backoff.next(&state);
            pump.pause(again, || self.container.is_stopped())?;
            if self.container.is_stopped() {
                state.status = Status::Exited;
                self.record(&state);
                break state.exit_code;
            }
        };
        // Before the lock goes: whoever waits for it may start the container again
        // at once.
        pump.close();
        self.finish(code);
        let _mounts = self.mounts.take();
        // Closing the lock's file is what `logs -f` waits for.
        drop(self);
        pump.dismiss(code);
        pump.drain()
    }
    // ANCHOR_END: watch

    /// Ports, pipes, PID 1. Returns when PID 1 has become the program that was asked for.
    fn begin(&mut self, before: &State) -> Result<(Running, State), StartError> {
        let config = &self.container.config;
        let failed = |what: &str, error: io::Error| {
            StartError::engine(format!("cannot {what}: {}", plain(error)))
        };
        self.status
            .write_all_at(NO_CODE.as_bytes(), 0)
            .map_err(|error| failed("make room for the exit code", error))?;
        let published = proxy::listen(&config.ports, &config.name, &config.id)?;
        let ports = published.iter().map(|one| one.port.clone()).collect();
        let (stdio, mut streams) = if config.tty {
            (Stdio::Terminal, Streams::default())
        } else {
            let (files, streams) =
                pipes(config.open_stdin).map_err(|error| failed("make pipes", error))?;
            (Stdio::Files(files), streams)
        };
        let Spawned { pid1, pid, mounts } = spawn(self.store, self.container, stdio, &mut streams)?;
        // The kernel takes a mount namespace apart when the last process leaves it or, if somebody has
        // it open, when that is closed. That costs a while; nobody should wait for it.
        self.mounts = mounts;
        let running = Running {
            pid1,
            streams,
            proxy: None,
        };
        let state = State {
            status: Status::Running,
            pid,
            ticks: start_ticks(pid).unwrap_or_default(),
            exit_code: 0,
            error: String::new(),
            started: time::now(),
            // When the one before did: Docker keeps that.
            finished: before.finished,
            restarts: before.restarts,
            ports,
        };
        let begun = start_proxy(&published, pid)
            .map_err(|error| failed("start the proxy", error))
            .and_then(|proxy| {
                self.container
                    .set_state(&state)
                    .map(|()| proxy)
                    .map_err(|error| failed("record the state", error))
            });
        match begun {
            Ok(proxy) => {
                // Who wanted the end before there was a PID 1 to tell has left a word, and reads the state after
                // that.
                if self.container.is_stopped() {
                    let _ = running.pid1.send(libc::SIGKILL);
                }
                Ok((Running { proxy, ..running }, state))
            }
            Err(error) => {
                // A PID 1 that nobody could find.
                let _ = running.pid1.send(libc::SIGKILL);
                let _ = running.pid1.reap();
                Err(error)
            }
        }
    }

    /// Watches until PID 1 has ended, and records that.
    fn until_end(&self, running: Running, pump: &mut Pump, started: State) -> io::Result<State> {
        let config = &self.container.config;
        let Running {
            pid1,
            streams,
            proxy,
        } = running;
        pump.connect(streams, Some(Writer::new(self.container.file("log"))))?;
        pump.carry(&pid1, None, |number| {
            // A client hands on what it was sent itself. The event comes first: the signal may be
            // the end.
            events::record(
                self.store,
                config,
                "kill",
                &[("signal", number.to_string())],
            );
            if config.forbids_restart(number) {
                self.container.set_stopped(true);
            }
            let _ = pid1.send(number);
        })?;
        pump.disconnect();
        let code = pid1.reap()?;
        if let (Some(_), Some(mounts)) = (&config.pid, &self.mounts) {
            join::end_rest(mounts)?;
        }
        drop(proxy);
        let mut state = State {
            status: Status::Exited,
            pid: 0,
            exit_code: code,
            finished: time::now(),
            ..started
        };
        if is_due(&config.restart, &state, self.container.is_stopped()) {
            // At once: "exited" says that it may be removed.
            state.status = Status::Restarting;
            state.restarts += 1;
        }
        self.record(&state);
        events::record(self.store, config, "die", &[("exitCode", code.to_string())]);
        Ok(state)
    }

    /// Writes down what became of it, if there is room. Where there is none, the state on disk says "running", of a
    /// container that nobody watches, and the exit code is the one in the status file: [`Container::state`].
    fn record(&self, state: &State) {
        if !self.container.config.auto_remove {
            let _ = self.container.set_state(state);
        }
    }

    /// PID 1 did not come to be: that is no end, since there was no beginning.
    fn fail(&self, before: &State, error: &StartError) {
        let status = if before.started == 0 {
            Status::Created
        } else {
            Status::Exited
        };
        let state = State {
            status,
            pid: 0,
            exit_code: error.code,
            error: error.message.clone(),
            ..before.clone()
        };
        let _ = self.container.set_state(&state);
    }

    /// Writes the exit code where those who wait will read it, deletes what `--rm` says, and lets go
    /// of the lock: from then on the container counts as ended. None of it keeps the rest from being done.
    fn finish(&self, code: u8) {
        let width = NO_CODE.len();
        let _ = self
            .status
            .write_all_at(format!("{code:width$}").as_bytes(), 0);
        if self.container.config.auto_remove && self.container.delete(self.store).is_ok() {
            events::record(self.store, &self.container.config, "destroy", &[]);
        }
        let _ = self.status.unlock();
    }
}
