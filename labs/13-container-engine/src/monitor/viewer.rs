//! One client of a monitor, as the monitor sees it.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;

use nix::sys::socket::{getsockopt, sockopt};
use nix::unistd::geteuid;

use crate::monitor::channel::{Decoder, FromClient, FromMonitor, Wants, encode};
use crate::monitor::streams::not_now;

/// How much output may wait for a slow client before the container has to wait, too; and how much input for a
/// slow container before its clients have to.
pub(crate) const QUEUE: usize = 1 << 20;

/// Someone at the other end of a socket.
#[derive(Debug)]
pub(crate) struct Viewer {
    pub(crate) socket: UnixStream,
    decoder: Decoder<FromClient>,
    pub(crate) wants: Wants,
    /// What it has not taken yet.
    queue: Vec<u8>,
    gone: bool,
    /// It was told the end, and goes when it has taken all.
    leaving: bool,
    /// How much of its input is to be confirmed.
    taken: usize,
}

impl Viewer {
    pub(crate) fn new(socket: UnixStream, wants: Wants) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            decoder: Decoder::default(),
            wants,
            queue: Vec::new(),
            gone: false,
            leaving: false,
            taken: 0,
        })
    }

    /// Sends a message, as far as it goes now.
    pub(crate) fn tell(&mut self, message: &FromMonitor) {
        self.queue.extend(encode(message));
        self.flush();
    }

    /// Keeps what is sent to all who want output, until [`Viewer::flush`].
    pub(crate) fn queue_output(&mut self, encoded: &[u8]) {
        if self.wants.output {
            self.queue.extend(encoded);
        }
    }

    /// Says that PID 1 has ended; nothing is said after that.
    pub(crate) fn dismiss(&mut self, code: u8) {
        if !self.leaving {
            self.tell(&FromMonitor::Exit(code));
            // What it does from now on is nothing to the next PID 1.
            (self.leaving, self.wants) = (true, Wants::default());
        }
    }

    pub(crate) fn flush(&mut self) {
        while !self.queue.is_empty() && !self.gone {
            match (&self.socket).write(&self.queue) {
                Ok(count) => drop(self.queue.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if not_now(&error) => return,
                Err(_) => self.gone = true,
            }
        }
    }

    /// Reads what it has sent; what makes no sense ends the conversation.
    pub(crate) fn hear(&mut self) -> Vec<FromClient> {
        match self.decoder.fill(&self.socket) {
            Ok(true) => {}
            Err(error) if not_now(&error) => {}
            _ => self.gone = true,
        }
        let mut heard = Vec::new();
        loop {
            match self.decoder.next() {
                Ok(Some(message)) => heard.push(message),
                Ok(None) => return heard,
                Err(_) => {
                    self.gone = true;
                    return heard;
                }
            }
        }
    }

    /// Something waits for it.
    pub(crate) fn is_behind(&self) -> bool {
        !self.queue.is_empty()
    }

    /// So much waits for it that the container has to wait, too.
    pub(crate) fn is_too_slow(&self) -> bool {
        self.wants.output && self.queue.len() > QUEUE
    }

    pub(crate) fn has_gone(&self) -> bool {
        self.gone
    }

    /// Nothing is left to say to it.
    pub(crate) fn is_done(&self) -> bool {
        self.gone || self.leaving && self.queue.is_empty()
    }

    /// So much of its input has come, and has to be confirmed one day.
    pub(crate) fn note_input(&mut self, count: usize) {
        self.taken += count;
    }

    /// Asks for as much input as has come.
    pub(crate) fn confirm_input(&mut self) {
        if self.taken > 0 && !self.leaving {
            let taken = u64::try_from(std::mem::take(&mut self.taken)).unwrap_or(u64::MAX);
            self.tell(&FromMonitor::Taken(taken));
        }
    }
}

/// Whether the other end belongs to us, or to root: `SO_PEERCRED`, `unix(7)`.
pub(crate) fn is_ours(socket: &UnixStream) -> bool {
    let peer = getsockopt(socket, sockopt::PeerCredentials).map(|peer| peer.uid());
    peer.is_ok_and(|uid| uid == 0 || uid == geteuid().as_raw())
}
