//! A client in the foreground (`run`, `start -a`, `attach`, `exec`): shows what the container
//! writes, hands on what is typed and which signals come. It is not needed: when it is killed, the
//! container runs on.

use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::error::{Context, Error, Result, StartError, client, plain};
use crate::frame::{Decoder, Kind, send};
use crate::output::warn;
use crate::terminal::{DetachKeys, Raw, size};

/// How a client behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// Hand on standard input.
    pub(crate) stdin: bool,
    /// The container has a terminal.
    pub(crate) tty: bool,
    /// What signals do.
    pub(crate) signals: Signals,
}

/// What a client does with the signals that it is sent. All three are Docker's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signals {
    /// Hand them on to PID 1: `run`, `attach`.
    Proxy,
    /// Keep them from PID 1: `--sig-proxy=false`.
    Keep,
    /// Go away at the first SIGINT or SIGTERM, with code 0: `exec`, `start -a`.
    Leave,
}

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The process ended with this code.
    Exit(u8),
    /// The user typed the detach keys, or sent a signal that says so.
    Detached,
}

impl End {
    /// What the client itself ends with.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Exit(code) => code,
            Self::Detached => 0,
        }
    }
}

/// Signals that are never handed on: SIGCHLD and SIGURG are the client's own business, SIGPIPE says
/// that nobody reads its output. (SIGKILL and SIGSTOP never reach a program.)
const OWN: [Signal; 3] = [Signal::SIGCHLD, Signal::SIGURG, Signal::SIGPIPE];

/// Signals that end a client, or stop it, unless it hands them on.
const DEADLY: [Signal; 6] = [
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGPIPE,
    Signal::SIGTSTP,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
];

/// So many SIGINT or SIGTERM end a client whatever it does with them.
const PATIENCE: u32 = 3;

/// Holds back the signals that [`run`] deals with. To be called before the container starts: a
/// signal that comes in between is not lost.
pub(crate) fn hold_signals(options: Options) -> Result<SignalFd> {
    let mut set = SigSet::all();
    if options.signals != Signals::Proxy {
        DEADLY.into_iter().for_each(|signal| set.remove(signal));
        if options.tty {
            // They are deadly all the same, but the terminal has to be put back first.
            set.add(Signal::SIGHUP);
            set.add(Signal::SIGQUIT);
        }
    }
    set.thread_block().context("block signals")?;
    SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
        .context("make a signalfd")
}

/// Whether a client may take its standard input to a terminal of the container's.
pub(crate) fn check_terminal(stdin: bool, tty: bool) -> Result<()> {
    if stdin && tty && !io::stdin().is_terminal() {
        return Err(client!("the input device is not a TTY"));
    }
    Ok(())
}

// ANCHOR: client
/// Serves one container until it ends or the user detaches.
pub(crate) fn run(
    socket: &UnixStream,
    mut decoder: Decoder,
    signals: &SignalFd,
    options: Options,
) -> Result<End> {
    let raw = if options.tty && options.stdin {
        Raw::enter()
    } else {
        None
    };
    let mut keys = DetachKeys::default();
    let mut stdin_open = options.stdin;
    let mut wishes = 0;
    let mut failed = None;
    let tell = |kind, body: &[u8]| send(socket, kind, body).or_else(ignore_gone);
    if let Some(size) = size().filter(|_| options.tty) {
        tell(Kind::Resize, &size).context("reach the monitor")?;
    }
    loop {
        while let Some((kind, body)) = decoder.next().context("understand the monitor")? {
            match kind {
                Kind::Stdout => show(&mut io::stdout(), "stdout", &body)?,
                Kind::Stderr => show(&mut io::stderr(), "stderr", &body)?,
                Kind::Failed => failed = Some(StartError::received(&body)),
                Kind::Exit => {
                    let code = body.first().copied().unwrap_or_default();
                    return failed.map_or(Ok(End::Exit(code)), |error| Err(error.into()));
                }
                _ => {}
            }
        }
        let stdin = io::stdin();
        let mut fds = vec![
            PollFd::new(socket.as_fd(), PollFlags::POLLIN),
            PollFd::new(signals.as_fd(), PollFlags::POLLIN),
        ];
        if stdin_open {
            fds.push(PollFd::new(stdin.as_fd(), PollFlags::POLLIN));
        }
        match poll(&mut fds, PollTimeout::NONE) {
            Err(nix::errno::Errno::EINTR) => continue,
            result => result.context("wait for the monitor")?,
        };
        let ready: Vec<_> = fds.iter().map(|fd| fd.any().unwrap_or_default()).collect();
        if ready[0] && !decoder.fill(socket).context("hear from the monitor")? {
            // Killed: then PID 1 was, too.
            return Ok(End::Exit(137));
        }
        if ready[1] {
            while let Ok(Some(info)) = signals.read_signal() {
                let number = i32::try_from(info.ssi_signo).unwrap_or_default();
                let signal = Signal::try_from(number).ok();
                let wish = matches!(signal, Some(Signal::SIGINT | Signal::SIGTERM));
                if signal == Some(Signal::SIGWINCH) && options.tty {
                    if let Some(size) = size() {
                        tell(Kind::Resize, &size).context("reach the monitor")?;
                    }
                } else if signal.is_some_and(|signal| OWN.contains(&signal)) {
                    continue;
                } else if options.signals == Signals::Proxy {
                    tell(Kind::Signal, &number.to_le_bytes()).context("reach the monitor")?;
                } else if let Some(signal) = signal.filter(|signal| DEADLY.contains(signal)) {
                    drop(raw);
                    return suffer(signal);
                } else if wish && options.signals == Signals::Leave {
                    return Ok(End::Detached);
                }
                wishes += u32::from(wish);
                if wishes == PATIENCE {
                    drop(raw);
                    warn("\ngot 3 SIGTERM/SIGINTs, forcefully exiting\n");
                    return Err(Error::Exit(1));
                }
            }
        }
        if ready.get(2) == Some(&true) {
            let mut buffer = [0; 16 * 1024];
            match stdin.lock().read(&mut buffer) {
                Ok(0) => {
                    stdin_open = false;
                    tell(Kind::Eof, &[]).context("reach the monitor")?;
                }
                Ok(count) => {
                    let (bytes, detach) = if options.tty {
                        keys.filter(&buffer[..count])
                    } else {
                        (buffer[..count].to_vec(), false)
                    };
                    tell(Kind::Stdin, &bytes).context("reach the monitor")?;
                    if detach {
                        return Ok(End::Detached);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => stdin_open = false,
            }
        }
    }
}
// ANCHOR_END: client

/// The monitor may be done while we still talk; what it said last is waiting to be read.
fn ignore_gone(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Ok(()),
        _ => Err(error),
    }
}

/// Writes and flushes. A reader that has gone kills us by SIGPIPE, unless that signal is held back
/// with the others; then it is an error like any other.
fn show(to: &mut impl Write, name: &str, bytes: &[u8]) -> Result<()> {
    to.write_all(bytes)
        .and_then(|()| to.flush())
        .map_err(|error| {
            warn(&format!("write /dev/{name}: {}\n", plain(error)));
            Error::Exit(1)
        })
}

/// Dies of a signal that was only held back.
fn suffer(signal: Signal) -> Result<End> {
    let mut set = SigSet::empty();
    set.add(signal);
    raise(signal)
        .and_then(|()| set.thread_unblock())
        .context("end")?;
    Ok(End::Detached)
}
