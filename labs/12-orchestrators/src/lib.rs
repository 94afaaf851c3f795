//! What a coordinator and its parts say to one another, in signals: "ready" is SIGUSR1 to the parent, "stop" is
//! SIGTERM to the part, "ended" is SIGCHLD from the kernel.

use std::process::{Child, Command, ExitStatus};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::SignalFd;
use nix::unistd::Pid;

/// A process's signals, to be read one after the other, each with its sender.
#[derive(Debug)]
pub struct Inbox(SignalFd);

impl Inbox {
    /// From now on `signals` wait here instead of interrupting anybody.
    pub fn open(signals: impl IntoIterator<Item = Signal>) -> Result<Inbox> {
        let signals = SigSet::from_iter(signals);
        signals.thread_block()?;
        Ok(Inbox(SignalFd::new(&signals)?))
    }

    /// The next signal, and who sent it. Linux hands out what is pending in the order of the numbers (`next_signal` in
    /// kernel/signal.c); signal(7) does not promise it.
    pub fn read(&mut self) -> Result<(Signal, Pid)> {
        let info = self.0.read_signal()?.context("signalfd blocks")?;
        let signal = Signal::try_from(i32::try_from(info.ssi_signo)?)?;
        Ok((signal, Pid::from_raw(i32::try_from(info.ssi_pid)?)))
    }

    /// The first of `wanted` that arrives.
    pub fn next_of<const N: usize>(&mut self, wanted: [Signal; N]) -> Result<Signal> {
        loop {
            let (signal, _) = self.read()?;
            if wanted.contains(&signal) {
                return Ok(signal);
            }
        }
    }

    // ANCHOR: start
    /// Starts a part and waits until *this* part says that it is ready.
    pub fn start(&mut self, program: &str, arguments: &[&str]) -> Result<Child> {
        // It inherits our mask (chapter 10). That is right for a part that opens an
        // inbox too, and for no other.
        let part = Command::new(program).args(arguments).spawn()?;
        loop {
            match self.read()? {
                (Signal::SIGUSR1, it) if it == pid(&part) => return Ok(part),
                (signal, sender) => {
                    ensure!(
                        signal == Signal::SIGUSR1,
                        "{signal} while {program} started"
                    );
                    println!("a stray SIGUSR1 from {sender}");
                }
            }
        }
    }
    // ANCHOR_END: start

    // ANCHOR: stop
    /// Tells a part to stop and waits until it has.
    pub fn stop(&self, mut part: Child) -> Result<ExitStatus> {
        // Until it is waited for, a part's number is its own, so
        // this can hit nobody else.
        kill(pid(&part), Signal::SIGTERM)?;
        Ok(part.wait()?)
    }
    // ANCHOR_END: stop
}

/// A part's process number, as kill(2) takes it.
pub fn pid(part: &Child) -> Pid {
    // pid_t is signed and positive: the cast back is exact.
    Pid::from_raw(part.id().cast_signed())
}

/// Says "ready" to whoever started this process.
pub fn ready() -> Result<()> {
    Ok(kill(Pid::parent(), Signal::SIGUSR1)?)
}
