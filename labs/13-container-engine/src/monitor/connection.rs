//! One connection to a published port, carried over to the container and back: one thread, one `poll(2)`.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{setsockopt, sockopt};

/// How much is read at a time, in bytes; and how much may be on its way in one direction.
const PIECE: usize = 16 * 1024;

/// A client of the published port, and the container's server.
#[derive(Debug)]
pub(crate) struct Connection {
    client: TcpStream,
    server: TcpStream,
    to_server: Direction,
    to_client: Direction,
}

/// What goes one way.
#[derive(Debug, Default)]
struct Direction {
    /// Read, and not yet written.
    pending: Vec<u8>,
    /// There is no more to read.
    eof: bool,
    /// That has been handed on.
    ended: bool,
}

impl Connection {
    /// Between these two.
    pub(crate) fn new(client: TcpStream, server: TcpStream) -> io::Result<Self> {
        for stream in [&client, &server] {
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
        }
        Ok(Self {
            client,
            server,
            to_server: Direction::default(),
            to_client: Direction::default(),
        })
    }

    /// Carries until the container's side has ended, and all of it has been handed on; then says whether the client may
    /// still have something to say. A connection that broke on one side is broken on the other: a client that read a
    /// clean end would take half an answer for a whole one.
    pub(crate) fn carry_answer(&mut self) -> bool {
        self.carry(|connection| connection.to_client.ended) && !self.to_server.ended
    }

    /// Carries what the client still sends, however long that takes.
    pub(crate) fn carry_rest(&mut self) {
        self.carry(|connection| connection.to_server.ended);
    }

    /// False if it broke.
    fn carry(&mut self, ended: impl Fn(&Self) -> bool) -> bool {
        while !ended(self) {
            if self.step().is_err() {
                // Both are closed by whoever drops us, and closing sends the reset.
                reset(&self.client);
                reset(&self.server);
                return false;
            }
        }
        true
    }

    /// Waits until something can be read or written, and does so.
    fn step(&mut self) -> io::Result<()> {
        let client = self.to_server.reads() | self.to_client.writes();
        let server = self.to_client.reads() | self.to_server.writes();
        // Whom we want nothing of is left out: poll(2) tells of a hang-up though nobody asked, again and again.
        let mut fds: Vec<PollFd<'_>> = [(&self.client, client), (&self.server, server)]
            .into_iter()
            .filter(|(_, flags)| !flags.is_empty())
            .map(|(stream, flags)| PollFd::new(stream.as_fd(), flags))
            .collect();
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        self.to_server.advance(&self.client, &self.server)?;
        self.to_client.advance(&self.server, &self.client)
    }
}

impl Direction {
    /// What we want of the side that we read from.
    fn reads(&self) -> PollFlags {
        match self.pending.is_empty() && !self.eof {
            true => PollFlags::POLLIN,
            false => PollFlags::empty(),
        }
    }

    /// What we want of the side that we write to.
    fn writes(&self) -> PollFlags {
        match self.pending.is_empty() {
            true => PollFlags::empty(),
            false => PollFlags::POLLOUT,
        }
    }

    /// Reads and writes as far as it goes now. The end of the stream is handed on, and the other direction stays open.
    fn advance(&mut self, mut from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
        if self.pending.is_empty() && !self.eof {
            let mut piece = [0; PIECE];
            if let Some(count) = later(from.read(&mut piece))? {
                self.pending.extend(&piece[..count]);
                self.eof = count == 0;
            }
        }
        if !self.pending.is_empty()
            && let Some(count) = later(to.write(&self.pending))?
        {
            self.pending.drain(..count);
        }
        if self.eof && self.pending.is_empty() && !self.ended {
            // Who has closed already does not want to hear it.
            let _ = to.shutdown(Shutdown::Write);
            self.ended = true;
        }
        Ok(())
    }
}

/// `None` where it would have to wait, or was interrupted.
fn later(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(count) => Ok(Some(count)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Makes closing this socket send a reset instead of a proper end: `SO_LINGER` with 0, `socket(7)`. (`shutdown(2)` would
/// send the proper end all the same.)
pub(crate) fn reset(stream: &TcpStream) {
    let linger = libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    // It fails for what is no socket any more; then there is nothing to reset.
    let _ = setsockopt(stream, sockopt::Linger, &linger);
}
