//! The monitor's loop: carries bytes between a container's process and the clients that watch it,
//! until the process has ended. One thread, one `poll(2)`.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::error::StartError;
use crate::monitor::channel::{FromClient, FromMonitor, Wants, encode};
use crate::monitor::streams::{PIECE, Streams, not_now};
use crate::monitor::viewer::{QUEUE, Viewer, is_ours};
use crate::pidfd::PidFd;
use crate::store::log::Writer;

/// All that the loop works on.
#[derive(Debug)]
pub(crate) struct Pump {
    viewers: Vec<Viewer>,
    /// Where new clients come from.
    listener: Option<UnixListener>,
    streams: Streams,
    log: Option<Writer>,
    /// What the process's input has not taken yet.
    pending: Vec<u8>,
    /// Close the input when this is all written.
    eof: bool,
    /// Close the input when the client that is it goes away.
    stdin_once: bool,
}

impl Pump {
    pub(crate) fn new(listener: Option<UnixListener>, stdin_once: bool) -> Self {
        Self {
            viewers: Vec::new(),
            listener,
            streams: Streams::default(),
            log: None,
            pending: Vec::new(),
            eof: false,
            stdin_once,
        }
    }

    /// Adds someone who watches.
    pub(crate) fn add(&mut self, socket: UnixStream, wants: Wants) -> io::Result<()> {
        self.viewers.push(Viewer::new(socket, wants)?);
        Ok(())
    }

    /// Says that PID 1 runs, to those who want to hear it.
    pub(crate) fn tell_start(&mut self) {
        let curious = self.viewers.iter_mut().filter(|viewer| viewer.wants.start);
        curious.for_each(|viewer| viewer.tell(&FromMonitor::Started));
    }

    /// Says that there is no PID 1, and why.
    pub(crate) fn tell_failure(&mut self, error: &StartError) {
        let message = FromMonitor::Failed(error.clone());
        self.viewers
            .iter_mut()
            .for_each(|viewer| viewer.tell(&message));
    }

    /// Takes over the streams of a new process.
    pub(crate) fn connect(&mut self, streams: Streams, log: Option<Writer>) -> io::Result<()> {
        streams.set_nonblocking()?;
        (self.streams, self.log, self.eof) = (streams, log, false);
        self.pending.clear();
        Ok(())
    }

    /// Carries until the process has ended, or until a moment has come; true when the process has ended. `signal`
    /// is called for every signal that a client sends.
    pub(crate) fn carry(
        &mut self,
        process: &PidFd,
        until: Option<Instant>,
        mut signal: impl FnMut(i32),
    ) -> io::Result<bool> {
        loop {
            match self.wait(Some(process), until)? {
                Woken::Process => return Ok(true),
                Woken::Time => return Ok(false),
                Woken::Other => self.turn(&mut signal),
            }
        }
    }

    /// Carries until nobody holds the outputs of a process that has ended, or until a moment has come.
    pub(crate) fn carry_outputs(&mut self, until: Option<Instant>) -> io::Result<()> {
        while self.streams.readable().next().is_some() {
            if matches!(self.wait(None, until)?, Woken::Time) {
                break;
            }
            self.turn(&mut |_| {});
        }
        Ok(())
    }

    /// Serves the clients while there is no process, until a moment has come or `over` says so.
    pub(crate) fn pause(&mut self, until: Instant, over: impl Fn() -> bool) -> io::Result<()> {
        while !over() && !matches!(self.wait(None, Some(until))?, Woken::Time) {
            self.turn(&mut |_| {});
        }
        Ok(())
    }

    /// Takes what a process that has ended left in its pipes, and no more than they hold. (PID 1 takes all others
    /// along. But what another container in its PID namespace has inherited may be written to on and on.)
    pub(crate) fn disconnect(&mut self) {
        let mut left = self.streams.capacity();
        while left > 0 && self.read_outputs() {
            left = left.saturating_sub(PIECE);
        }
        if let Some(log) = &mut self.log {
            let _ = log.finish();
        }
        (self.streams, self.log) = (Streams::default(), None);
    }

    /// Does all that can be done without waiting.
    fn turn(&mut self, signal: &mut impl FnMut(i32)) {
        self.read_outputs();
        self.read_viewers(signal);
        self.forget_viewers();
        self.write_input();
        self.confirm_input();
        self.accept();
    }

    /// Sleeps until there is something to do.
    fn wait(&self, process: Option<&PidFd>, until: Option<Instant>) -> io::Result<Woken> {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        // Rounded up to a millisecond: never early.
        let timeout = match left.map(|left| left.as_nanos().div_ceil(1_000_000)) {
            None => PollTimeout::NONE,
            Some(millis) => PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX),
        };
        let process = process.map(AsFd::as_fd);
        let mut fds: Vec<_> = process
            .iter()
            .map(|process| PollFd::new(*process, PollFlags::POLLIN))
            .collect();
        if !self.viewers.iter().any(Viewer::is_too_slow) {
            let readable = self.streams.readable();
            fds.extend(readable.map(|file| PollFd::new(file.as_fd(), PollFlags::POLLIN)));
        }
        if !self.pending.is_empty()
            && let Some(input) = self.streams.sink()
        {
            fds.push(PollFd::new(input.as_fd(), PollFlags::POLLOUT));
        }
        fds.extend(
            self.listener
                .iter()
                .map(|listener| PollFd::new(listener.as_fd(), PollFlags::POLLIN)),
        );
        for viewer in &self.viewers {
            let mut flags = PollFlags::POLLIN;
            if viewer.is_behind() {
                flags |= PollFlags::POLLOUT;
            }
            fds.push(PollFd::new(viewer.socket.as_fd(), flags));
        }
        match poll(&mut fds, timeout) {
            Ok(_) if process.is_some() && fds[0].any().unwrap_or_default() => Ok(Woken::Process),
            Ok(0) if left.is_some_and(|left| left.is_zero()) => Ok(Woken::Time),
            Ok(_) | Err(Errno::EINTR) => Ok(Woken::Other),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes one piece from each output; false when there was nothing.
    fn read_outputs(&mut self) -> bool {
        let mut buffer = [0; PIECE];
        let mut any = false;
        let Streams {
            outputs: [out, err],
            terminal,
            ..
        } = &mut self.streams;
        for (source, stderr) in [(out, false), (err, true), (terminal, false)] {
            let Some(file) = source else { continue };
            let count = match file.read(&mut buffer) {
                Ok(count) => count,
                Err(error) if not_now(&error) => continue,
                // A terminal that nobody holds open inside any more says EIO: pty(7).
                Err(_) => 0,
            };
            let bytes = &buffer[..count];
            if bytes.is_empty() {
                *source = None;
                continue;
            }
            any = true;
            if let Some(log) = &mut self.log {
                let _ = log.write(stderr, bytes);
            }
            let message = match stderr {
                true => FromMonitor::Stderr(bytes.to_vec()),
                false => FromMonitor::Stdout(bytes.to_vec()),
            };
            let encoded = encode(&message);
            self.viewers
                .iter_mut()
                .for_each(|viewer| viewer.queue_output(&encoded));
        }
        any
    }

    fn read_viewers(&mut self, signal: &mut impl FnMut(i32)) {
        for viewer in &mut self.viewers {
            viewer.flush();
            for message in viewer.hear() {
                match message {
                    FromClient::Hello(wants) => viewer.wants = wants,
                    FromClient::Stdin(bytes) if !self.eof => {
                        viewer.note_input(bytes.len());
                        self.pending.extend(bytes);
                    }
                    FromClient::Stdin(_) => {}
                    FromClient::Eof => self.eof |= self.stdin_once,
                    FromClient::Resize(size) => self.streams.resize(size),
                    FromClient::Signal(number) => signal(number),
                }
            }
        }
    }

    /// Lets go of those that have gone, however that was found out, and of the input that came from them.
    fn forget_viewers(&mut self) {
        let input_left = |viewer: &Viewer| viewer.has_gone() && viewer.wants.input;
        self.eof |= self.stdin_once && self.viewers.iter().any(input_left);
        self.viewers.retain(|viewer| !viewer.is_done());
    }

    fn write_input(&mut self) {
        match self.streams.sink() {
            Some(mut file) => match file.write(&self.pending) {
                Ok(count) => drop(self.pending.drain(..count)),
                Err(error) if not_now(&error) => {}
                // Nobody reads it any more.
                Err(_) => {
                    self.pending.clear();
                    self.streams.input = None;
                }
            },
            None => self.pending.clear(),
        }
        if self.eof && self.pending.is_empty() {
            self.streams.input = None;
        }
    }

    /// Asks for more input, unless enough is waiting, or nobody will read it.
    fn confirm_input(&mut self) {
        if self.pending.len() < QUEUE && self.streams.sink().is_some() {
            self.viewers.iter_mut().for_each(Viewer::confirm_input);
        }
    }

    fn accept(&mut self) {
        // The listener does not block: poll(2) may have woken us for something else.
        while let Some(Ok((socket, _))) = self.listener.as_ref().map(UnixListener::accept) {
            if is_ours(&socket) {
                let _ = self.add(socket, Wants::default());
            }
        }
    }

    /// Takes no more clients. Who is in the queue is served; the address is free for the next monitor.
    pub(crate) fn close(&mut self) {
        self.accept();
        self.listener = None;
    }

    /// Tells everybody the exit code: it is the last thing that each of them hears.
    pub(crate) fn dismiss(&mut self, code: u8) {
        self.viewers
            .iter_mut()
            .for_each(|viewer| viewer.dismiss(code));
    }

    /// Waits until every client has taken all, or is gone.
    pub(crate) fn drain(&mut self) -> io::Result<()> {
        loop {
            self.forget_viewers();
            if self.viewers.is_empty() {
                return Ok(());
            }
            self.wait(None, None)?;
            self.read_viewers(&mut |_| {});
        }
    }
}

/// Why [`Pump::wait`] has returned.
enum Woken {
    /// The process has ended.
    Process,
    /// The moment has come.
    Time,
    /// A stream or a client has something.
    Other,
}
