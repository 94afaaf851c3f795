//! A client in the foreground (`run`, `start -a`, `attach`, `exec`): shows what the container
//! writes, hands on what is typed and which signals come. It is not needed: when it is killed, the
//! container runs on.

use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::error::{Context, Result, client};
use crate::frame::{Decoder, Kind, send};
use crate::terminal::{DetachKeys, Raw, size};

/// How a client behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// Hand on standard input.
    pub(crate) stdin: bool,
    /// The container has a terminal.
    pub(crate) tty: bool,
    /// Hand signals on to PID 1 instead of suffering them.
    pub(crate) proxy: bool,
}

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The process ended with this code.
    Exit(u8),
    /// The user typed the detach keys.
    Detached,
}

/// Signals that Docker's client does not hand on: SIGCHLD and SIGURG are its own business, SIGPIPE
/// says that nobody reads its output. (SIGKILL and SIGSTOP never reach a program.)
const NOT_PROXIED: [i32; 3] = [libc::SIGCHLD, libc::SIGURG, libc::SIGPIPE];

/// Blocks what is to be handed on, so that it waits for [`run`]. To be called before the container
/// starts: a signal that comes in between is not lost.
#[allow(unsafe_code)]
pub(crate) fn hold_signals(options: Options) -> Result<SignalFd> {
    let mut set = SigSet::empty();
    if options.proxy {
        set = SigSet::all();
        NOT_PROXIED
            .iter()
            .filter_map(|number| Signal::try_from(*number).ok())
            .for_each(|signal| set.remove(signal));
    } else if options.tty {
        // Not handed on, but the terminal has to be put back before they act.
        for signal in [
            Signal::SIGINT,
            Signal::SIGTERM,
            Signal::SIGHUP,
            Signal::SIGQUIT,
            Signal::SIGWINCH,
        ] {
            set.add(signal);
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
    let tell = |kind, body: &[u8]| send(socket, kind, body).or_else(ignore_gone);
    if let Some(size) = size().filter(|_| options.tty) {
        tell(Kind::Resize, &size).context("reach the monitor")?;
    }
    loop {
        while let Some((kind, body)) = decoder.next().context("understand the monitor")? {
            match kind {
                Kind::Stdout => show(&mut io::stdout(), &body),
                Kind::Stderr => show(&mut io::stderr(), &body),
                Kind::Exit => return Ok(End::Exit(body.first().copied().unwrap_or_default())),
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
                if number == libc::SIGWINCH && options.tty {
                    if let Some(size) = size() {
                        tell(Kind::Resize, &size).context("reach the monitor")?;
                    }
                } else if options.proxy {
                    tell(Kind::Signal, &number.to_le_bytes()).context("reach the monitor")?;
                } else {
                    drop(raw);
                    return suffer(number);
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

/// Writes and flushes. A reader that has gone kills us by SIGPIPE, as it should.
fn show(to: &mut impl Write, bytes: &[u8]) {
    let _ = to.write_all(bytes).and_then(|()| to.flush());
}

/// Dies of a signal that was only held back.
fn suffer(number: i32) -> Result<End> {
    if let Ok(signal) = Signal::try_from(number) {
        let mut set = SigSet::empty();
        set.add(signal);
        let _ = raise(signal);
        let _ = set.thread_unblock();
    }
    Ok(End::Exit(u8::try_from(128 + number).unwrap_or(255)))
}
