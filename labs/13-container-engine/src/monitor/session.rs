//! The small monitor of a process that `exec` adds to a container. So it outlives its client, as it does with Docker.
//! It has no place on disk: when it ends, nothing is left.

use std::io;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::unistd::{ForkResult, fork, geteuid};

use crate::error::{Context, Result, StartError, plain};
use crate::monitor::channel::Wants;
use crate::monitor::detach::fork_detached;
use crate::monitor::pump::Pump;
use crate::monitor::spawn::hear_child;
use crate::monitor::streams::{Streams, pipes};
use crate::pid1::namespaces::Namespaces;
use crate::pid1::process::{self, Process};
use crate::pid1::program::die;
use crate::pid1::stdio::Stdio;
use crate::pidfd::PidFd;

/// How long Docker's daemon still waits for the output of what a process has left behind.
const LATE: Duration = Duration::from_secs(2);

/// What is to be done, and for whom.
pub(crate) struct Session<'a> {
    /// The container's name, and its PID 1.
    pub(crate) name: &'a str,
    pub(crate) pid1: i32,
    pub(crate) process: Process,
    pub(crate) tty: bool,
    /// What its client wants.
    pub(crate) wants: Wants,
}

impl Session<'_> {
    /// Leaves the monitor behind; returns its socket. `died` is called, there, when the process has ended.
    pub(crate) fn launch(&self, died: impl Fn(u8)) -> Result<UnixStream> {
        let (ours, theirs) = UnixStream::pair().context("make a socket")?;
        match fork_detached(self.name)? {
            ForkResult::Parent { .. } => Ok(ours),
            ForkResult::Child => {
                drop(ours);
                let _ = self.watch(theirs, died);
                die(0)
            }
        }
    }

    /// Starts the process, watches it, and carries what it has left behind still writes.
    /// The client is told the end once all has come, or after a while.
    fn watch(&self, socket: UnixStream, died: impl Fn(u8)) -> io::Result<()> {
        let mut pump = Pump::new(None, true);
        pump.add(socket, self.wants)?;
        match self.begin() {
            Ok((process, streams)) => {
                pump.tell_start();
                pump.connect(streams, None)?;
                pump.carry(&process, None, |_| {})?;
                let code = process.reap()?;
                died(code);
                pump.carry_outputs(Some(Instant::now() + LATE))?;
                pump.dismiss(code);
                // Its client goes. What it has left behind may write on, and must not die of that.
                pump.carry_outputs(None)?;
            }
            Err(error) => {
                pump.tell_failure(&error);
                pump.dismiss(error.code);
            }
        }
        pump.drain()
    }

    /// Enters the namespaces and starts the process.
    ///
    /// It forks once more, because a pid namespace is entered by children only. So the process's parent
    /// stands outside: inside, its parent is 0.
    #[allow(unsafe_code)]
    fn begin(&self) -> std::result::Result<(PidFd, Streams), StartError> {
        let failed = |error: io::Error| {
            StartError::engine(format!("cannot enter the container: {}", plain(error)))
        };
        let namespaces = Namespaces::of(self.pid1).map_err(failed)?;
        let (stdio, mut streams) = if self.tty {
            (Stdio::Terminal, Streams::default())
        } else {
            let (files, streams) = pipes(self.wants.input).map_err(failed)?;
            (Stdio::Files(files), streams)
        };
        let (ours, theirs) = UnixStream::pair().map_err(failed)?;
        let privileged = geteuid().is_root();
        namespaces.enter().map_err(failed)?;
        // SAFETY: this process was forked from a client with one thread, and has started none since.
        match unsafe { fork() }.map_err(|error| failed(error.into()))? {
            ForkResult::Child => {
                drop((ours, namespaces));
                process::added(&self.process, stdio, privileged, theirs)
            }
            ForkResult::Parent { child } => {
                drop((theirs, stdio));
                let added = PidFd::open(child.as_raw()).map_err(failed)?;
                hear_child(&ours, &mut streams)?;
                Ok((added, streams))
            }
        }
    }
}
