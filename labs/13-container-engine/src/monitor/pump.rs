//! The monitor's loop: carries bytes between a container's process and the clients that watch it,
//! until the process has ended. One thread, one `poll(2)`.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{getsockopt, sockopt};
use nix::unistd::geteuid;

use crate::monitor::channel::{Decoder, Kind, encode};
use crate::pidfd::PidFd;
use crate::store::log::Writer;

/// How much output may wait for a slow client before the container has to wait, too; and how much input for a
/// slow container before its clients have to.
const QUEUE: usize = 1 << 20;

/// How much is read at a time.
const PIECE: usize = 16 * 1024;

/// Someone who watches, over a socket.
#[derive(Debug)]
struct Client {
    socket: UnixStream,
    decoder: Decoder,
    /// What it has not taken yet.
    queue: Vec<u8>,
    gone: bool,
    /// How much of its input is to be confirmed.
    taken: usize,
    /// The container's input comes from it.
    feeds: bool,
}

impl Client {
    /// Sends a frame, as far as it goes now.
    fn send(&mut self, frame: &[u8]) {
        self.queue.extend(frame);
        self.flush();
    }

    fn flush(&mut self) {
        while !self.queue.is_empty() {
            match (&self.socket).write(&self.queue) {
                Ok(count) => drop(self.queue.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => {
                    self.gone = true;
                    return;
                }
            }
        }
    }
}

/// The ends of the process's pipes, or of its terminal, that are ours.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    /// Its standard input, if anybody can write to it.
    pub(crate) input: Option<File>,
    /// Its standard output and standard error.
    pub(crate) outputs: [Option<File>; 2],
    /// All three in one.
    pub(crate) terminal: Option<File>,
}

impl Streams {
    /// Our end of what the process reads from.
    fn sink(&self) -> Option<&File> {
        self.input.as_ref().or(self.terminal.as_ref())
    }

    /// How many bytes the largest of its outputs can hold: pipe(7). A terminal holds less.
    fn capacity(&self) -> usize {
        let size = |file: &File| fcntl(file, FcntlArg::F_GETPIPE_SZ).ok();
        let sizes = self.outputs.iter().flatten().filter_map(size);
        let largest = sizes.filter_map(|size| usize::try_from(size).ok()).max();
        largest.unwrap_or(0).max(4 * PIECE)
    }
}

/// All that the loop works on.
#[derive(Debug)]
pub(crate) struct Pump {
    streams: Streams,
    clients: Vec<Client>,
    /// Where new clients come from.
    pub(crate) listener: Option<UnixListener>,
    log: Option<Writer>,
    /// What the process's input has not taken yet.
    pending: Vec<u8>,
    /// Close the input when this is all written.
    eof: bool,
    /// Close the input when the client that feeds it goes away.
    stdin_once: bool,
}

impl Pump {
    pub(crate) fn new(listener: Option<UnixListener>, stdin_once: bool) -> Self {
        Self {
            streams: Streams::default(),
            clients: Vec::new(),
            listener,
            log: None,
            pending: Vec::new(),
            eof: false,
            stdin_once,
        }
    }

    /// Adds someone who watches; `feeds` if the container's input ends with it, whether it writes or not.
    pub(crate) fn add(&mut self, socket: UnixStream, feeds: bool) -> io::Result<()> {
        socket.set_nonblocking(true)?;
        self.clients.push(Client {
            socket,
            decoder: Decoder::default(),
            queue: Vec::new(),
            gone: false,
            taken: 0,
            feeds,
        });
        Ok(())
    }

    /// Sends a frame to everybody.
    pub(crate) fn tell(&mut self, kind: Kind, body: &[u8]) {
        let frame = encode(kind, body);
        for client in &mut self.clients {
            client.send(&frame);
        }
    }

    // ANCHOR: pump
    /// Runs until the process has ended and everything it wrote is in the log and with the clients
    /// (or in their queues); `signal` is called for every signal that a client sends.
    pub(crate) fn run(
        &mut self,
        process: &PidFd,
        streams: Streams,
        log: Option<Writer>,
        mut signal: impl FnMut(i32),
    ) -> io::Result<()> {
        for file in [
            &streams.input,
            &streams.outputs[0],
            &streams.outputs[1],
            &streams.terminal,
        ]
        .into_iter()
        .flatten()
        {
            set_nonblocking(file)?;
        }
        (self.streams, self.log, self.eof) = (streams, log, false);
        self.pending.clear();
        loop {
            if self.wait(process)? {
                break;
            }
            self.read_outputs();
            self.read_clients(&mut signal);
            self.forget_clients();
            self.write_input();
            self.confirm_input();
            self.accept();
        }
        // What it wrote is still in the pipes, and no more than they hold. (PID 1 takes all others along. But what `exec`
        // started may have left a child, which writes on and on.)
        let mut left = self.streams.capacity();
        while left > 0 && self.read_outputs() {
            left = left.saturating_sub(PIECE);
        }
        if let Some(log) = &mut self.log {
            let _ = log.finish();
        }
        (self.streams, self.log) = (Streams::default(), None);
        Ok(())
    }
    // ANCHOR_END: pump

    /// Sleeps until there is something to do; true when the process has ended.
    fn wait(&self, process: &PidFd) -> io::Result<bool> {
        let full = self.clients.iter().any(|client| client.queue.len() > QUEUE);
        let streams = &self.streams;
        let mut fds = vec![PollFd::new(process.as_fd(), PollFlags::POLLIN)];
        if !full {
            let readable = streams.outputs.iter().chain([&streams.terminal]).flatten();
            fds.extend(readable.map(|file| PollFd::new(file.as_fd(), PollFlags::POLLIN)));
        }
        if !self.pending.is_empty()
            && let Some(input) = streams.sink()
        {
            fds.push(PollFd::new(input.as_fd(), PollFlags::POLLOUT));
        }
        fds.extend(
            self.listener
                .iter()
                .map(|listener| PollFd::new(listener.as_fd(), PollFlags::POLLIN)),
        );
        for client in &self.clients {
            let mut flags = PollFlags::POLLIN;
            if !client.queue.is_empty() {
                flags |= PollFlags::POLLOUT;
            }
            fds.push(PollFd::new(client.socket.as_fd(), flags));
        }
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) => Ok(fds[0].any().unwrap_or_default()),
            Err(nix::errno::Errno::EINTR) => Ok(false),
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
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                    ) =>
                {
                    continue;
                }
                // A terminal that nobody holds open inside any more says EIO: pty(7).
                Err(_) => 0,
            };
            if count == 0 {
                *source = None;
                continue;
            }
            any = true;
            if let Some(log) = &mut self.log {
                let _ = log.write(stderr, &buffer[..count]);
            }
            let frame = encode(
                if stderr { Kind::Stderr } else { Kind::Stdout },
                &buffer[..count],
            );
            for client in &mut self.clients {
                client.queue.extend(&frame);
            }
        }
        any
    }

    fn read_clients(&mut self, signal: &mut impl FnMut(i32)) {
        for client in &mut self.clients {
            client.flush();
            match client.decoder.fill(&client.socket) {
                Ok(true) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                _ => client.gone = true,
            }
            loop {
                match client.decoder.next() {
                    Ok(Some((Kind::Stdin, bytes))) if !self.eof => {
                        client.feeds = true;
                        client.taken += bytes.len();
                        self.pending.extend(bytes);
                    }
                    Ok(Some((Kind::Eof, _))) => self.eof |= self.stdin_once,
                    Ok(Some((Kind::Resize, size))) => {
                        if let Some(terminal) = &self.streams.terminal {
                            resize(terminal, &size);
                        }
                    }
                    Ok(Some((Kind::Signal, number))) => {
                        if let Ok(number) = number.try_into() {
                            signal(i32::from_le_bytes(number));
                        }
                    }
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(_) => {
                        client.gone = true;
                        break;
                    }
                }
            }
        }
    }

    /// Lets go of those that have gone, however that was found out, and of the input that came from them.
    fn forget_clients(&mut self) {
        let fed = self
            .clients
            .iter()
            .any(|client| client.gone && client.feeds);
        self.eof |= self.stdin_once && fed;
        self.clients.retain(|client| !client.gone);
    }

    fn write_input(&mut self) {
        match self.streams.sink() {
            Some(mut file) => match file.write(&self.pending) {
                Ok(count) => drop(self.pending.drain(..count)),
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                    ) => {}
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
        if self.pending.len() >= QUEUE || self.streams.sink().is_none() {
            return;
        }
        for client in self.clients.iter_mut().filter(|client| client.taken > 0) {
            let taken = std::mem::take(&mut client.taken);
            client.send(&encode(Kind::Taken, &taken.to_le_bytes()));
        }
    }

    fn accept(&mut self) {
        // The listener does not block: poll(2) may have woken us for something else.
        while let Some(Ok((socket, _))) = self.listener.as_ref().map(UnixListener::accept) {
            if is_ours(&socket) {
                let _ = self.add(socket, false);
            }
        }
    }

    /// Takes no more clients. Who is in the queue is served; the address is free for the next monitor.
    pub(crate) fn close(&mut self) {
        self.accept();
        self.listener = None;
    }

    /// Sends the exit code and waits until every client has taken all, or is gone.
    pub(crate) fn dismiss(&mut self, code: u8) {
        self.tell(Kind::Exit, &[code]);
        self.clients
            .retain(|client| !client.gone && !client.queue.is_empty());
        while !self.clients.is_empty() {
            let mut fds: Vec<_> = self
                .clients
                .iter()
                .map(|client| PollFd::new(client.socket.as_fd(), PollFlags::POLLOUT))
                .collect();
            if let Err(error) = poll(&mut fds, PollTimeout::NONE)
                && error != nix::errno::Errno::EINTR
            {
                break;
            }
            self.clients.iter_mut().for_each(Client::flush);
            self.clients
                .retain(|client| !client.gone && !client.queue.is_empty());
        }
        self.clients.clear();
    }
}

/// Whether the other end belongs to us, or to root: `SO_PEERCRED`, `unix(7)`.
pub(crate) fn is_ours(socket: &UnixStream) -> bool {
    let peer = getsockopt(socket, sockopt::PeerCredentials).map(|peer| peer.uid());
    peer.is_ok_and(|uid| uid == 0 || uid == geteuid().as_raw())
}

/// From now on, reading and writing return at once.
fn set_nonblocking(file: &File) -> io::Result<()> {
    let flags = OFlag::from_bits_truncate(fcntl(file, FcntlArg::F_GETFL)?);
    fcntl(file, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

/// Tells a terminal its size; the kernel then sends SIGWINCH to the foreground group inside.
#[allow(unsafe_code)]
fn resize(terminal: &File, size: &[u8]) {
    let Ok([a, b, c, d]) = <[u8; 4]>::try_from(size) else {
        return;
    };
    let size = libc::winsize {
        ws_row: u16::from_le_bytes([a, b]),
        ws_col: u16::from_le_bytes([c, d]),
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: TIOCSWINSZ reads a winsize: ioctl_tty(2).
    unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
}

/// Makes the pipes of a process: its three descriptors, and our ends.
pub(crate) fn pipes(with_input: bool) -> io::Result<([OwnedFd; 3], Streams)> {
    let pipe = || nix::unistd::pipe2(OFlag::O_CLOEXEC);
    let (out_read, out_write) = pipe()?;
    let (err_read, err_write) = pipe()?;
    let (input, ours) = if with_input {
        let (read, write) = pipe()?;
        (read, Some(File::from(write)))
    } else {
        (OwnedFd::from(File::open("/dev/null")?), None)
    };
    let outputs = [Some(File::from(out_read)), Some(File::from(err_read))];
    Ok((
        [input, out_write, err_write],
        Streams {
            input: ours,
            outputs,
            terminal: None,
        },
    ))
}
