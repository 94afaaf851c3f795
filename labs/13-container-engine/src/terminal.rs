//! The user's terminal: raw while a container has it, and always put back.

use std::io::{self, IsTerminal};
use std::os::fd::AsRawFd;

use nix::libc;
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};

/// While this lives, the terminal hands every key on, Ctrl-C too, and echoes nothing: the terminal
/// of the container does that. Dropping it puts everything back.
#[derive(Debug)]
pub(crate) struct Raw(Termios);

impl Raw {
    /// Makes standard input raw; `None` if it is no terminal.
    pub(crate) fn enter() -> Option<Self> {
        let before = tcgetattr(io::stdin()).ok()?;
        let mut raw = before.clone();
        cfmakeraw(&mut raw);
        tcsetattr(io::stdin(), SetArg::TCSANOW, &raw).ok()?;
        Some(Self(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &self.0);
    }
}

/// The size of the user's terminal, as a frame carries it: rows, columns.
#[allow(unsafe_code)]
pub(crate) fn size() -> Option<[u8; 4]> {
    if !io::stdout().is_terminal() {
        return None;
    }
    // SAFETY: all zeros is a valid winsize, and TIOCGWINSZ fills it: ioctl_tty(2).
    let size = unsafe {
        let mut size: libc::winsize = std::mem::zeroed();
        if libc::ioctl(io::stdout().as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) != 0 {
            return None;
        }
        size
    };
    let ([a, b], [c, d]) = (size.ws_row.to_le_bytes(), size.ws_col.to_le_bytes());
    Some([a, b, c, d])
}

/// Looks for Ctrl-P Ctrl-Q among what the user types.
#[derive(Debug, Default)]
pub(crate) struct DetachKeys {
    held: bool,
}

impl DetachKeys {
    /// What to hand on of `bytes`, and whether the sequence is complete. A lone Ctrl-P is held back
    /// until the next key tells what it was.
    pub(crate) fn filter(&mut self, bytes: &[u8]) -> (Vec<u8>, bool) {
        const CTRL_P: u8 = 0x10;
        const CTRL_Q: u8 = 0x11;
        let mut out = Vec::with_capacity(bytes.len() + 1);
        for &byte in bytes {
            if self.held && byte == CTRL_Q {
                return (out, true);
            }
            if self.held {
                out.push(CTRL_P);
            }
            self.held = byte == CTRL_P;
            if !self.held {
                out.push(byte);
            }
        }
        (out, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_found_across_reads() {
        let mut keys = DetachKeys::default();
        assert_eq!(keys.filter(b"ab\x10"), (b"ab".to_vec(), false));
        assert_eq!(keys.filter(b"\x11c"), (Vec::new(), true));
    }

    #[test]
    fn other_keys_pass_unchanged() {
        let mut keys = DetachKeys::default();
        assert_eq!(
            keys.filter(b"\x10x\x11\x10"),
            (b"\x10x\x11".to_vec(), false)
        );
        assert_eq!(keys.filter(b"\x10y"), (b"\x10\x10y".to_vec(), false));
    }
}
