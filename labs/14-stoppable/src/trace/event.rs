//! What a tracer reports: one JSON object a line.

use serde::{Deserialize, Serialize};

use super::process::Process;
use super::sender::Sender;
use super::set::{Set, Sig};

/// Something that happened to one process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Seconds since the tracer began, by CLOCK_MONOTONIC.
    pub at: f64,
    /// The process, in the container's PID namespace.
    pub pid: i32,
    /// What its program is called.
    pub name: String,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    /// The tracer watches all processes; this many threads.
    Attached {
        /// How many.
        threads: usize,
        /// The time of day then, in seconds since 1970 (CLOCK_REALTIME), to put the events of several tracers in order.
        #[serde(default)]
        clock: f64,
    },
    /// A process could not be traced.
    Untraced {
        /// Why.
        reason: String,
    },
    /// All processes as they are, on request.
    Processes {
        /// In the order of their pids.
        processes: Vec<Process>,
        /// TCP ports that somebody listens on, in PID 1's network namespace.
        ports: Vec<u16>,
    },
    /// It made a process.
    Fork {
        /// The new one.
        child: i32,
    },
    /// It became another program.
    Exec {
        /// The new command line.
        command: Vec<String>,
    },
    /// A signal came to it.
    Signal(Arrival),
    /// SIGSTOP or its like stopped it.
    Stopped {
        /// Which.
        signal: Sig,
    },
    /// It goes on after a stop.
    Continued,
    /// It has ended, or PID 1 is about to.
    Exit {
        /// How.
        #[serde(flatten)]
        end: End,
        /// What is left in the namespace when PID 1 ends; the kernel is about to kill it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left: Vec<Process>,
    },
    /// Nothing has happened for as long as was asked, and everybody sleeps.
    Quiet,
    /// Somebody listens on this port, which was asked for.
    Listening {
        /// The TCP port.
        port: u16,
    },
    /// A TCP connection to one of the container's ports is there.
    Connected {
        /// The other end, ADDRESS:PORT.
        peer: String,
    },
    /// Such a connection is no longer there: one of the two ends has closed it.
    Disconnected {
        /// The other end.
        peer: String,
    },
    /// An orphan that was made for PID 1 to reap: is it gone?
    Orphan {
        /// Whether PID 1 has waited for it.
        reaped: bool,
    },
}

/// How a process ended, wait(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// By `exit` with this status.
    Code(i32),
    /// By this signal.
    Killed(Sig),
}

/// One signal at one process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arrival {
    /// Which.
    pub signal: Sig,
    /// Who sent it; nobody knows while it waits.
    pub sender: Option<Sender>,
    /// What the process wants done with it.
    pub disposition: Disposition,
    /// The receiving thread's mask.
    pub blocked: Set,
    /// What else waits.
    pub pending: Set,
    /// What came of it.
    pub outcome: Outcome,
}

/// What a process wants done with a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disposition {
    /// It has a handler.
    Handler,
    /// SIG_DFL.
    Default,
    /// SIG_IGN.
    Ignored,
}

/// What came of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The handler runs.
    Handler,
    /// The default action ends the process.
    Ends,
    /// The default action stops it.
    Stops,
    /// Ignored, by SIG_IGN or by default.
    Ignored,
    /// SIGCONT.
    Continues,
    /// PID 1 has no handler: the kernel drops it (`SIGNAL_UNKILLABLE` in kernel/signal.c).
    Dropped,
    /// It waits, as the process blocks it.
    Blocked,
    /// Taken out of the pending set by sigwait(3) and its like.
    SigWait,
    /// Taken out of the pending set through a signalfd(2).
    SignalFd,
}
