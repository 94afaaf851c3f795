//! The ends of a process's pipes, or of its terminal, that are ours.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;

use crate::monitor::channel::Size;

/// How much is read at a time.
pub(crate) const PIECE: usize = 16 * 1024;

/// Our ends.
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
    /// What can be read from, each until its end.
    pub(crate) fn readable(&self) -> impl Iterator<Item = &File> {
        self.outputs.iter().chain([&self.terminal]).flatten()
    }

    /// Our end of what the process reads from.
    pub(crate) fn sink(&self) -> Option<&File> {
        self.input.as_ref().or(self.terminal.as_ref())
    }

    /// How many bytes the largest of its outputs can hold: pipe(7). A terminal holds less.
    pub(crate) fn capacity(&self) -> usize {
        let size = |file: &File| fcntl(file, FcntlArg::F_GETPIPE_SZ).ok();
        let sizes = self.outputs.iter().flatten().filter_map(size);
        let largest = sizes.filter_map(|size| usize::try_from(size).ok()).max();
        largest.unwrap_or(0).max(4 * PIECE)
    }

    /// From now on, reading and writing return at once.
    pub(crate) fn set_nonblocking(&self) -> io::Result<()> {
        for file in self.readable().chain(&self.input) {
            let flags = OFlag::from_bits_truncate(fcntl(file, FcntlArg::F_GETFL)?);
            fcntl(file, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
        }
        Ok(())
    }

    /// Tells the terminal its size; the kernel then sends SIGWINCH to the foreground group inside.
    #[allow(unsafe_code)]
    pub(crate) fn resize(&self, size: Size) {
        let Some(terminal) = &self.terminal else {
            return;
        };
        let size = libc::winsize {
            ws_row: size.rows,
            ws_col: size.columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        // SAFETY: the descriptor is open for as long as `terminal` lives, and TIOCSWINSZ reads the winsize that we
        // give: ioctl_tty(2). Neither std nor nix wraps it.
        unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
    }
}

/// Whether reading or writing is to be tried again later.
pub(crate) fn not_now(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// Makes the pipes of a process: its three descriptors, and our ends.
pub(crate) fn pipes(with_input: bool) -> io::Result<([OwnedFd; 3], Streams)> {
    let (out_read, out_write) = io::pipe()?;
    let (err_read, err_write) = io::pipe()?;
    let (input, ours) = if with_input {
        let (read, write) = io::pipe()?;
        (read.into(), Some(OwnedFd::from(write).into()))
    } else {
        (File::open("/dev/null")?.into(), None)
    };
    let file = |end: io::PipeReader| File::from(OwnedFd::from(end));
    let streams = Streams {
        input: ours,
        outputs: [Some(file(out_read)), Some(file(err_read))],
        terminal: None,
    };
    Ok(([input, out_write.into(), err_write.into()], streams))
}
