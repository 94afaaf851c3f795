//! A client in the foreground (`run`, `start -a`, `attach`, `exec`): shows what the container
//! writes, hands on what is typed and which signals come. It is not needed: when it is killed, the
//! container runs on. It waits in one place only, [`Relay::wait`]: whoever does not read its output, or
//! its container's input, cannot make it deaf to signals.

use std::collections::VecDeque;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::client::terminal::{DetachKeys, Raw, size};
use crate::error::{Context, Error, Result, StartError, client, plain};
use crate::monitor::channel::{Decoder, FromClient, FromMonitor, WINDOW, Wants, send};
use crate::output::warn;

/// How a client behaves.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Hand on standard input.
    pub(crate) stdin: bool,
    /// The container has a terminal.
    pub(crate) tty: bool,
    /// What signals do.
    pub(crate) signals: Signals,
    /// What to type to leave a terminal.
    pub(crate) detach_keys: DetachKeys,
}

impl Options {
    /// What this client is there for, as the monitor hears it.
    pub(crate) fn wants(&self) -> Wants {
        Wants {
            start: false,
            output: true,
            input: self.stdin,
        }
    }
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
    /// The user has gone away, by a signal that says so.
    Detached,
    /// The user has typed the detach keys.
    Keys,
}

impl End {
    /// What the client itself ends with.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Exit(code) => code,
            Self::Detached | Self::Keys => 0,
        }
    }
}

/// Signals that are never handed on: SIGCHLD and SIGURG are the client's own business, SIGPIPE says
/// that nobody reads its output. SIGPROF never gets through Docker's client: the runtime of Go keeps
/// it for its profiler. (SIGKILL and SIGSTOP never reach a program.)
const OWN: [Signal; 4] = [
    Signal::SIGCHLD,
    Signal::SIGURG,
    Signal::SIGPIPE,
    Signal::SIGPROF,
];

/// Signals that end a client, or stop it, unless it hands them on.
const DEADLY: [Signal; 6] = [
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGPIPE,
    Signal::SIGTSTP,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
];

/// A pipe that has room at all takes so many bytes without making the writer wait: `PIPE_BUF`, pipe(7).
const AT_ONCE: usize = 4096;

/// So many SIGINT or SIGTERM end a client whatever it does with them.
const PATIENCE: u32 = 3;

/// Holds back the signals that [`run`] deals with. To be called before the container starts: a
/// signal that comes in between is not lost.
pub(crate) fn hold_signals(options: &Options) -> Result<SignalFd> {
    let mut set = SigSet::all();
    if options.signals != Signals::Proxy {
        DEADLY.into_iter().for_each(|signal| set.remove(signal));
        if options.tty {
            // They are deadly all the same, but the terminal has to be put back first.
            set.add(Signal::SIGHUP);
            set.add(Signal::SIGQUIT);
            // So is a write that nobody reads: held back, it is an error of that write.
            set.add(Signal::SIGPIPE);
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

/// Serves one container until it ends or the user detaches. The terminal is the user's again when this
/// returns, or ends by a signal.
pub(crate) fn run(
    socket: &UnixStream,
    decoder: Decoder<FromMonitor>,
    signals: &SignalFd,
    options: Options,
) -> Result<End> {
    let raw = if options.tty && options.stdin {
        Raw::enter()
    } else {
        None
    };
    let relay = Relay {
        socket,
        signals,
        stdin_open: options.stdin,
        window: WINDOW,
        unshown: VecDeque::new(),
        to_stderr: false,
        wishes: 0,
        options,
    };
    let why = relay.serve(decoder);
    drop(raw);
    match why? {
        Why::End(end) => Ok(end),
        Why::Failed(error) => Err(error.into()),
        Why::Killed(signal) => die_of(signal),
        Why::Impatience => {
            warn("\ngot 3 SIGTERM/SIGINTs, forcefully exiting\n");
            Err(Error::Exit(1))
        }
    }
}

/// Why a client stops.
enum Why {
    End(End),
    /// The container could not be started.
    Failed(StartError),
    /// A signal that ends a program, and that nobody else is to have.
    Killed(Signal),
    /// The third SIGINT or SIGTERM.
    Impatience,
}

/// A client at work.
struct Relay<'a> {
    socket: &'a UnixStream,
    signals: &'a SignalFd,
    stdin_open: bool,
    /// How much input may be sent before the monitor has confirmed some.
    window: usize,
    /// Output that has come and is not written yet, and whether it is for stderr.
    unshown: VecDeque<u8>,
    to_stderr: bool,
    /// How many SIGINT and SIGTERM have come.
    wishes: u32,
    options: Options,
}

impl Relay<'_> {
    /// Waits for whatever comes first: output, a signal, something typed.
    fn serve(mut self, mut decoder: Decoder<FromMonitor>) -> Result<Why> {
        self.resize()?;
        let mut failed = None;
        loop {
            // One piece of output at a time: the next waits in the socket.
            while self.unshown.is_empty()
                && let Some(message) = decoder.next().context("understand the monitor")?
            {
                match message {
                    FromMonitor::Started => {}
                    FromMonitor::Stdout(bytes) => {
                        (self.unshown, self.to_stderr) = (bytes.into(), false);
                    }
                    FromMonitor::Stderr(bytes) => {
                        (self.unshown, self.to_stderr) = (bytes.into(), true);
                    }
                    FromMonitor::Taken(count) => {
                        self.window += usize::try_from(count).unwrap_or_default();
                    }
                    FromMonitor::Failed(error) => failed = Some(error),
                    FromMonitor::Exit(code) => {
                        return Ok(failed.map_or(Why::End(End::Exit(code)), Why::Failed));
                    }
                }
            }
            let [signal, output, typed] = self.wait()?;
            if output && !self.unshown.is_empty() {
                self.show()?;
            } else if output && !decoder.fill(self.socket).context("hear from the monitor")? {
                // Killed: then PID 1 was, too.
                return Ok(Why::End(End::Exit(137)));
            }
            let why = if signal { self.on_signals()? } else { None };
            let why = if typed { why.or(self.on_input()?) } else { why };
            if let Some(why) = why {
                return Ok(why);
            }
        }
    }

    /// What there is to do: a signal has come; the monitor has said something or, if something is to be shown
    /// first, that can be; something has been typed.
    fn wait(&self) -> Result<[bool; 3]> {
        let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
        let output = match (self.unshown.is_empty(), self.to_stderr) {
            (true, _) => PollFd::new(self.socket.as_fd(), PollFlags::POLLIN),
            (false, false) => PollFd::new(stdout.as_fd(), PollFlags::POLLOUT),
            (false, true) => PollFd::new(stderr.as_fd(), PollFlags::POLLOUT),
        };
        let mut fds = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN), output];
        if self.stdin_open && self.window > 0 {
            fds.push(PollFd::new(stdin.as_fd(), PollFlags::POLLIN));
        }
        match poll(&mut fds, PollTimeout::NONE) {
            Err(Errno::EINTR) => return Ok([false; 3]),
            result => result.context("wait for the monitor")?,
        };
        let ready = |index: usize| fds.get(index).and_then(PollFd::any).unwrap_or_default();
        Ok([ready(0), ready(1), ready(2)])
    }

    /// Writes as much of the output as goes without waiting. A reader that has gone kills us by SIGPIPE, unless
    /// that signal is held back with the others; then it is an error like any other.
    fn show(&mut self) -> Result<()> {
        let (bytes, _) = self.unshown.as_slices();
        let piece = &bytes[..bytes.len().min(AT_ONCE)];
        // Not by way of io::stdout(): it has a buffer, and waits until it is empty.
        let (name, written) = if self.to_stderr {
            ("stderr", nix::unistd::write(io::stderr(), piece))
        } else {
            ("stdout", nix::unistd::write(io::stdout(), piece))
        };
        match written {
            Ok(count) => drop(self.unshown.drain(..count)),
            Err(Errno::EINTR | Errno::EAGAIN) => {}
            Err(error) => {
                warn(&format!("write /dev/{name}: {}\n", plain(error)));
                return Err(Error::Exit(1));
            }
        }
        Ok(())
    }

    // ANCHOR: signals
    /// Deals with the signals that have come: hands each on, or
    /// does what the options say.
    fn on_signals(&mut self) -> Result<Option<Why>> {
        while let Ok(Some(info)) = self.signals.read_signal() {
            let number = i32::try_from(info.ssi_signo).unwrap_or_default();
            let signal = Signal::try_from(number).ok(); // None: a real-time signal
            let wish = matches!(signal, Some(Signal::SIGINT | Signal::SIGTERM));
            if signal == Some(Signal::SIGWINCH) && self.options.tty {
                self.resize()?;
            } else if signal.is_some_and(|signal| OWN.contains(&signal)) {
                continue;
            } else if self.options.signals == Signals::Proxy {
                self.tell(&FromClient::Signal(number))?;
            } else if let Some(signal) = signal.filter(|it| DEADLY.contains(it)) {
                return Ok(Some(Why::Killed(signal)));
            } else if wish && self.options.signals == Signals::Leave {
                return Ok(Some(Why::End(End::Detached)));
            }
            self.wishes += u32::from(wish);
            if self.wishes == PATIENCE {
                return Ok(Some(Why::Impatience));
            }
        }
        Ok(None)
    }
    // ANCHOR_END: signals

    /// Hands on what was typed, up to the keys that mean "leave".
    fn on_input(&mut self) -> Result<Option<Why>> {
        let mut buffer = [0; 16 * 1024];
        let room = buffer.len().min(self.window);
        // Not by way of io::stdin(): it has a buffer, of which poll(2) knows nothing.
        match nix::unistd::read(io::stdin(), &mut buffer[..room]) {
            Ok(0) => {
                self.stdin_open = false;
                self.tell(&FromClient::Eof)?;
            }
            Ok(count) if self.options.tty => {
                let (bytes, detach) = self.options.detach_keys.filter(&buffer[..count]);
                self.feed(bytes)?;
                if detach {
                    return Ok(Some(Why::End(End::Keys)));
                }
            }
            Ok(count) => self.feed(buffer[..count].to_vec())?,
            Err(Errno::EINTR | Errno::EAGAIN) => {}
            Err(_) => self.stdin_open = false,
        }
        Ok(None)
    }

    fn feed(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.window = self.window.saturating_sub(bytes.len());
        self.tell(&FromClient::Stdin(bytes))
    }

    /// Tells the container's terminal how large the user's is.
    fn resize(&self) -> Result<()> {
        match size().filter(|_| self.options.tty) {
            Some(size) => self.tell(&FromClient::Resize(size)),
            None => Ok(()),
        }
    }

    fn tell(&self, message: &FromClient) -> Result<()> {
        send(self.socket, message)
            .or_else(ignore_gone)
            .context("reach the monitor")
    }
}

/// The monitor may be done while we still talk; what it said last is waiting to be read.
fn ignore_gone(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Ok(()),
        _ => Err(error),
    }
}

/// Dies of a signal that was only held back.
fn die_of(signal: Signal) -> Result<End> {
    let mut set = SigSet::empty();
    set.add(signal);
    raise(signal)
        .and_then(|()| set.thread_unblock())
        .context("end")?;
    Ok(End::Detached)
}
