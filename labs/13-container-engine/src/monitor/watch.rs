//! The monitor: one small process beside each running container. There is no daemon; it alone holds
//! the container's output, knows its wait status, and cleans up.

use std::fs::File;
use std::io::{self, IoSliceMut, Read, Seek, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::time::Duration;

use nix::fcntl::{OFlag, open};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, UnixAddr, recvmsg};
use nix::sys::stat::Mode;
use nix::unistd::{ForkResult, dup2_stderr, dup2_stdin, dup2_stdout, fork, geteuid, setsid};

use crate::error::{Context, Error, Result, StartError};
use crate::monitor::channel::{Decoder, Kind};
use crate::monitor::proxy::{self, Proxy, Published};
use crate::monitor::pump::{Pump, Streams, pipes};
use crate::pid1::join;
use crate::pid1::namespaces::{self, Cloned, Namespaces};
use crate::pid1::process::{self, Process};
use crate::pid1::program::die;
use crate::pid1::rootfs::Machine;
use crate::pid1::stdio::{Stdio, TERMINAL};
use crate::pidfd::{PidFd, start_ticks};
use crate::store::config::{Config, Restart};
use crate::store::container::{Container, State, Status};
use crate::store::disk::Store;
use crate::store::events;
use crate::store::image::Image;
use crate::store::log::Writer;
use crate::time;

// ANCHOR: start
/// Leaves a monitor behind, which starts the container; returns its socket.
///
/// The caller's process forks, and its child becomes the monitor: no daemon has to be there first.
/// The lock that says "watched" is taken here and inherited; the kernel lets go of it when the
/// last holder, the monitor, ends. `changes` is the caller's own lock, which comes back: the monitor closes its
/// copy, or the lock would be held for as long as the container runs (flock(2)).
pub(crate) fn launch(
    store: &Store,
    container: &Container,
    tell: Tell,
    changes: Option<File>,
) -> Result<(UnixStream, Option<File>)> {
    let path = container.file("status");
    let status = container.status_file().at("open", &path)?;
    status.lock().at("lock", &path)?;
    if !container.exists() {
        return Err(container.gone());
    }
    container.set_stopped(false);
    let (ours, theirs) = UnixStream::pair().context("make a socket")?;
    match fork_detached(&container.config.name)? {
        ForkResult::Parent { .. } => Ok((ours, changes)),
        ForkResult::Child => {
            drop((ours, changes));
            // Nobody is left to hear of an error but those who read the state.
            let _ = Monitor {
                store,
                container,
                status,
                mounts: None,
            }
            .watch(theirs, tell);
            die(0)
        }
    }
}
// ANCHOR_END: start

/// Whether a client wants to hear that PID 1 runs. One that shows what the container writes will see
/// it anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tell {
    Start,
    Output,
}

/// Starts a container and returns when PID 1 runs. `changes`: see [`launch`].
pub(crate) fn start(
    store: &Store,
    container: &Container,
    changes: Option<File>,
) -> Result<(UnixStream, Decoder)> {
    let (socket, _changes) = launch(store, container, Tell::Start, changes)?;
    let mut decoder = Decoder::default();
    loop {
        match decoder.wait(&socket).context("hear from the monitor")? {
            Some((Kind::Started, _)) => return Ok((socket, decoder)),
            Some((Kind::Failed, text)) => {
                // It lets go of the lock when it has written everything down.
                let _ = decoder.wait(&socket);
                return Err(Error::Start(StartError::received(&text)));
            }
            Some(_) => {}
            None => return Err(Error::Start(StartError::engine("the monitor is gone"))),
        }
    }
}

/// Forks; the child has left the session, terminal and streams of whoever started us. A Ctrl-C that comes before it has
/// left is the client's, and not the end of the child.
#[allow(unsafe_code)]
pub(crate) fn fork_detached(name: &str) -> Result<ForkResult> {
    let held = SigSet::all()
        .thread_swap_mask(SigmaskHow::SIG_BLOCK)
        .context("block signals")?;
    // SAFETY: pocket's clients have one thread: the child may go on as a program of its own.
    let forked = unsafe { fork() };
    if let Ok(ForkResult::Child) = forked {
        detach(&format!("pocket: {name}"));
    } else {
        held.thread_set_mask().context("unblock signals")?;
    }
    forked.context("start a monitor")
}

#[allow(unsafe_code)]
fn detach(name: &str) {
    let _ = setsid();
    // What is pending was sent to the group that we have just left: to fetch it is to drop it (signalfd(2)).
    if let Ok(pending) = SignalFd::with_flags(&SigSet::all(), SfdFlags::SFD_NONBLOCK) {
        while let Ok(Some(_)) = pending.read_signal() {}
    }
    let short: String = name.chars().take(15).collect();
    let _ = std::ffi::CString::new(short).map(|name| nix::sys::prctl::set_name(&name));
    // A reader that went away is an error of a write to us, not a reason to die.
    // SAFETY: ignoring installs no handler. The container's process resets it.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigIgn) };
    // A blocked signal would stay blocked in all that we start; and nothing here needs one.
    let _ = SigSet::empty().thread_set_mask();
    if let Ok(null) = open("/dev/null", OFlag::O_RDWR | OFlag::O_CLOEXEC, Mode::empty()) {
        let _ = dup2_stdin(&null)
            .and(dup2_stdout(&null))
            .and(dup2_stderr(&null));
    }
    let _ = std::env::set_current_dir("/");
}

struct Monitor<'a> {
    store: &'a Store,
    container: &'a Container,
    /// The lock.
    status: File,
    /// The mount namespace of the container: closed when all is said.
    mounts: Option<File>,
}

/// A container that runs.
struct Running {
    pid1: PidFd,
    streams: Streams,
    /// Carries its published ports for as long as this lives.
    _proxy: Option<Proxy>,
}

impl Monitor<'_> {
    // ANCHOR: watch
    /// The life of the monitor: start, watch, record; again, if the restart policy says so.
    fn watch(mut self, client: UnixStream, tell: Tell) -> io::Result<()> {
        let config = &self.container.config;
        // A truncated file is flushed to disk when it is closed: not for nothing.
        if self.status.metadata()?.len() > 0 {
            self.status.set_len(0)?;
        }
        let listener = listen(config)?;
        // Docker's rule: a pipe is closed when its only writer goes; a terminal outlives its client.
        let stdin_once = config.open_stdin && config.attached && !config.tty;
        let mut pump = Pump::new(Some(listener), stdin_once);
        pump.add(client, true)?;
        let mut state = State {
            restarts: 0,
            ..self.container.state()
        };
        let mut delay = Duration::from_millis(100);
        let code = loop {
            state = match self.begin(&state) {
                Ok((running, started)) => {
                    events::record(self.store, config, "start", &[]);
                    if tell == Tell::Start {
                        pump.tell(Kind::Started, &[]);
                    }
                    self.live(running, &mut pump, &started)?
                }
                Err(error) => {
                    self.fail(&state, &error, &mut pump)?;
                    break error.code;
                }
            };
            if state.status != Status::Restarting {
                break state.exit_code;
            }
            // Ran for long enough: the next failure is a new one. Docker counts the same way.
            if state.finished.saturating_sub(state.started) > 10_000_000_000 {
                delay = Duration::from_millis(100);
            }
            if !self.pause(delay, pump.listener.as_ref()) {
                state.status = Status::Exited;
                self.container.set_state(&state)?;
                break state.exit_code;
            }
            delay = (delay * 2).min(Duration::from_secs(60));
        };
        // Before the lock goes: whoever waits for it may start the container again at once.
        pump.close();
        self.finish(code)?;
        let _mounts = self.mounts.take();
        // Closing the lock's file is what `logs -f` waits for.
        drop(self);
        pump.dismiss(code);
        Ok(())
    }
    // ANCHOR_END: watch

    /// Ports, pipes, PID 1. Returns when PID 1 has become the program that was asked for.
    fn begin(&mut self, before: &State) -> std::result::Result<(Running, State), StartError> {
        let config = &self.container.config;
        let failed = |what: &str, error: io::Error| {
            StartError::engine(format!("cannot {what}: {}", crate::error::plain(error)))
        };
        let published = proxy::listen(&config.ports, &config.name, &config.id)?;
        let ports = published.iter().map(|one| one.port.clone()).collect();
        let (stdio, mut streams) = if config.tty {
            (Stdio::Terminal, Streams::default())
        } else {
            let (files, streams) =
                pipes(config.open_stdin).map_err(|error| failed("make pipes", error))?;
            (Stdio::Files(files), streams)
        };
        let (pid1, pid) = self.spawn(stdio, &mut streams)?;
        let proxy =
            start_proxy(&published, pid).map_err(|error| failed("start the proxy", error))?;
        let state = State {
            status: Status::Running,
            pid,
            ticks: start_ticks(pid).unwrap_or_default(),
            exit_code: 0,
            error: String::new(),
            started: time::now(),
            finished: 0,
            restarts: before.restarts,
            ports,
        };
        self.container
            .set_state(&state)
            .map_err(|error| failed("record the state", error))?;
        // Who wanted the end before there was a PID 1 to tell has left a word, and reads the state after that.
        if self.container.is_stopped() {
            let _ = pid1.send(libc::SIGKILL);
        }
        Ok((
            Running {
                pid1,
                streams,
                _proxy: proxy,
            },
            state,
        ))
    }

    /// Makes PID 1.
    #[allow(unsafe_code)]
    fn spawn(
        &mut self,
        stdio: Stdio,
        streams: &mut Streams,
    ) -> std::result::Result<(PidFd, i32), StartError> {
        let config = &self.container.config;
        let process = Process {
            argv: config.argv(),
            env: config.environment(),
            workdir: if config.workdir.is_empty() {
                "/".into()
            } else {
                config.workdir.clone()
            },
            user: config.user.clone(),
            cap_add: config.cap_add.clone(),
            init: config.init == Some(true),
        };
        let files = Image::files(self.store, &config.image_id);
        let stage = self.store.containers();
        let privileged = geteuid().is_root();
        let machine = Machine {
            stage: &stage,
            files: &files,
            hostname: &config.hostname,
            privileged,
            // For its ids, or until we hold its mount namespace, by which we tell what it leaves in another's.
            waits: !privileged || config.pid.is_some(),
        };
        let failed = |error: io::Error| {
            StartError::engine(format!(
                "cannot make the namespaces: {}",
                crate::error::plain(error)
            ))
        };
        let other = config.pid.as_ref().map(|id| self.joined(id)).transpose()?;
        let (ours, theirs) = UnixStream::pair().map_err(failed)?;
        // SAFETY: the monitor has one thread.
        let cloned = unsafe {
            match &other {
                Some(other) => join::clone_into(other),
                None => namespaces::clone(),
            }
        };
        match cloned.map_err(failed)? {
            Cloned::Child => {
                // Our copy of the monitor's end: as long as we hold it, the monitor's death would
                // not close it.
                drop((ours, other));
                process::first(&machine, &process, stdio, theirs)
            }
            Cloned::Parent(pid1, pid) => {
                drop((theirs, stdio));
                // Only some wait for a byte. (One that is never read would
                // turn the end of the stream into an error: ECONNRESET.)
                // The kernel takes a mount namespace apart when the last process leaves it or, if somebody has
                // it open, when that is closed. That costs a while; nobody should wait for it.
                self.mounts = File::open(format!("/proc/{pid}/ns/mnt")).ok();
                let release = || {
                    if other.is_none() {
                        namespaces::map_root_to_us(pid)?;
                    }
                    (&ours).write_all(&[0])
                };
                let outcome = if machine.waits { release() } else { Ok(()) }.map_err(failed);
                let outcome = outcome.and_then(|()| hear_child(&ours, streams));
                if outcome.is_err() {
                    let _ = pid1.send(libc::SIGKILL);
                    let _ = pid1.reap();
                }
                outcome.map(|()| (pid1, pid)).map_err(as_runc_says)
            }
        }
    }

    /// The namespaces of the container that ours is to live in.
    fn joined(&self, id: &str) -> std::result::Result<Namespaces, StartError> {
        let Ok(container) = Container::find(self.store, id) else {
            return Err(StartError::engine(format!(
                "cannot join PID of a non running container: {id}: No such container: {id}"
            )));
        };
        let ended = |_| StartError::engine(format!("container {id} is not running"));
        let (state, pid1) = container.running().map_err(|_| ended(()))?;
        let namespaces = Namespaces::of(state.pid).map_err(|_| ended(()))?;
        // It is PID 1's only if PID 1 lived on until now: otherwise the number may have become another's.
        match pid1.ended_within(Some(Duration::ZERO)) {
            Ok(false) => Ok(namespaces),
            _ => Err(ended(())),
        }
    }

    /// Watches until the end, and records it.
    fn live(&self, running: Running, pump: &mut Pump, started: &State) -> io::Result<State> {
        let config = &self.container.config;
        let Running {
            pid1,
            streams,
            _proxy,
        } = running;
        let log = Some(Writer::new(self.container.file("log")));
        pump.run(&pid1, streams, log, |number| {
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
        let code = pid1.reap()?;
        if let (Some(_), Some(mounts)) = (&config.pid, &self.mounts) {
            join::end_rest(mounts)?;
        }
        drop(_proxy);
        let mut state = State {
            status: Status::Exited,
            pid: 0,
            exit_code: code,
            finished: time::now(),
            ..started.clone()
        };
        if self.wants_restart(&state) {
            // At once: "exited" says that it may be removed.
            state.status = Status::Restarting;
            state.restarts += 1;
        }
        if !config.auto_remove {
            self.container.set_state(&state)?;
        }
        events::record(self.store, config, "die", &[("exitCode", code.to_string())]);
        Ok(state)
    }

    /// PID 1 did not come to be: that is no end, since there was no beginning.
    fn fail(&self, before: &State, error: &StartError, pump: &mut Pump) -> io::Result<()> {
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
        self.container.set_state(&state)?;
        pump.tell(Kind::Failed, &serde_json::to_vec(error)?);
        Ok(())
    }

    fn wants_restart(&self, state: &State) -> bool {
        let stopped = self.container.is_stopped();
        !stopped
            && match self.container.config.restart {
                Restart::No => false,
                Restart::OnFailure(most) => {
                    state.exit_code != 0 && (most == 0 || state.restarts < most)
                }
                Restart::Always | Restart::UnlessStopped => true,
            }
    }

    /// Waits before a restart; false when a user stopped the container meanwhile. `stop` knocks at
    /// the socket.
    fn pause(&self, delay: Duration, listener: Option<&UnixListener>) -> bool {
        let timeout = PollTimeout::try_from(delay).unwrap_or(PollTimeout::MAX);
        let mut fds: Vec<_> = listener
            .iter()
            .map(|fd| PollFd::new(fd.as_fd(), PollFlags::POLLIN))
            .collect();
        let _ = poll(&mut fds, timeout);
        !self.container.is_stopped()
    }

    /// Writes the exit code where those who wait will read it, deletes what `--rm` says, and lets go
    /// of the lock: from then on the container counts as ended.
    fn finish(&mut self, code: u8) -> io::Result<()> {
        self.status.rewind()?;
        write!(self.status, "{code}")?;
        if self.container.config.auto_remove {
            self.container.delete(self.store)?;
            events::record(self.store, &self.container.config, "destroy", &[]);
        }
        self.status.unlock()
    }
}

/// Reads what the child says until it has become the program: then its end of the socket is closed.
#[allow(unsafe_code)]
pub(crate) fn hear_child(
    channel: &UnixStream,
    streams: &mut Streams,
) -> std::result::Result<(), StartError> {
    let lost =
        |error: io::Error| StartError::engine(format!("cannot hear from the container: {error}"));
    let mut first = [0];
    let mut space = nix::cmsg_space!([std::os::fd::RawFd; 1]);
    let mut buffers = [IoSliceMut::new(&mut first)];
    let message = recvmsg::<UnixAddr>(
        channel.as_raw_fd(),
        &mut buffers,
        Some(&mut space),
        MsgFlags::MSG_CMSG_CLOEXEC,
    );
    let message = message.map_err(|error| lost(error.into()))?;
    let count = message.bytes;
    for control in message.cmsgs().map_err(|error| lost(error.into()))? {
        if let ControlMessageOwned::ScmRights(fds) = control {
            for fd in fds {
                // SAFETY: the kernel just made it for us.
                streams.terminal = Some(File::from(unsafe { OwnedFd::from_raw_fd(fd) }));
            }
        }
    }
    let mut text = first[..count].to_vec();
    if text == [TERMINAL] {
        text.clear();
    }
    let mut channel = channel;
    if count > 0 {
        channel.read_to_end(&mut text).map_err(lost)?;
    }
    match text.as_slice() {
        [] => Ok(()),
        text => Err(serde_json::from_slice(text).unwrap_or_else(|error| lost(error.into()))),
    }
}

/// A failure to execute is told in the words of the runtime that Docker uses.
fn as_runc_says(error: StartError) -> StartError {
    let StartError { code, message } = error;
    let message = match code {
        126 | 127 => format!(
            "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: {message}: unknown"
        ),
        _ => message,
    };
    StartError { code, message }
}

#[allow(unsafe_code)]
fn start_proxy(published: &[Published], pid: i32) -> io::Result<Option<Proxy>> {
    if published.is_empty() {
        return Ok(None);
    }
    let inside = Namespaces::of(pid)?;
    // SAFETY: the monitor has one thread.
    unsafe { proxy::start(published, &inside) }.map(Some)
}

/// The name of a container's socket. It lives in the abstract namespace: no file, so nothing to
/// clean up, and no limit of 107 bytes for a path: `unix(7)`.
fn address(config: &Config) -> io::Result<SocketAddr> {
    SocketAddr::from_abstract_name(format!("pocket-{}", config.id))
}

fn listen(config: &Config) -> io::Result<UnixListener> {
    let listener = UnixListener::bind_addr(&address(config)?)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// A new client's socket to the monitor of a running container.
pub(crate) fn connect(container: &Container) -> io::Result<UnixStream> {
    let socket = UnixStream::connect_addr(&address(&container.config)?)?;
    // An abstract name has no permissions: anyone may have taken it.
    if crate::monitor::pump::is_ours(&socket) {
        Ok(socket)
    } else {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

/// Wakes a monitor that waits to restart its container.
pub(crate) fn knock(container: &Container) {
    if let Ok(socket) = connect(container) {
        let _ = socket.shutdown(Shutdown::Both);
    }
}
