//! The user's terminal: raw while a container has it, and always put back.

use std::io::{self, IsTerminal};
use std::os::fd::AsRawFd;

use nix::libc;
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};

use crate::monitor::channel::Size;

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

/// The size of the user's terminal.
#[allow(unsafe_code)]
pub(crate) fn size() -> Option<Size> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let mut size = libc::winsize {
        ws_row: 0,
        ws_col: 0,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: TIOCGWINSZ writes one winsize, and `size` lives on: ioctl_tty(2). Neither std nor nix wraps it.
    let done = unsafe { libc::ioctl(io::stdout().as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) };
    (done == 0).then_some(Size {
        rows: size.ws_row,
        columns: size.ws_col,
    })
}

/// Looks for the keys that detach among what the user types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DetachKeys {
    keys: Vec<u8>,
    /// How many of them were typed last. They are held back until the next key tells what they were.
    held: usize,
}

impl Default for DetachKeys {
    /// Ctrl-P Ctrl-Q.
    fn default() -> Self {
        Self {
            keys: vec![0x10, 0x11],
            held: 0,
        }
    }
}

impl DetachKeys {
    /// Reads `--detach-keys`: keys between commas, each a letter or `ctrl-` and one of `a-z @ [ \ ] ^ _`.
    /// The error is the key that is none.
    pub(crate) fn parse(text: &str) -> Result<Self, &str> {
        let byte = |key| match *str::as_bytes(key) {
            [byte] => Some(byte),
            // Ctrl takes away the upper three bits: ascii(7).
            [
                b'c',
                b't',
                b'r',
                b'l',
                b'-',
                byte @ (b'a'..=b'z' | b'@' | b'['..=b'_'),
            ] => Some(byte & 0x1f),
            _ => None,
        };
        let keys = text.split(',').map(|key| byte(key).ok_or(key));
        Ok(Self {
            keys: keys.collect::<Result<_, _>>()?,
            held: 0,
        })
    }

    /// What to hand on of `bytes`, and whether the sequence is complete.
    pub(crate) fn filter(&mut self, bytes: &[u8]) -> (Vec<u8>, bool) {
        let mut out = Vec::with_capacity(bytes.len() + self.held);
        for &byte in bytes {
            if byte != self.keys[self.held] {
                out.extend(&self.keys[..self.held]);
                self.held = 0;
            }
            if byte == self.keys[self.held] {
                self.held += 1;
            } else {
                out.push(byte);
            }
            if self.held == self.keys.len() {
                self.held = 0;
                return (out, true);
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

    #[test]
    fn keys_of_ones_own() {
        let mut keys = DetachKeys::parse("ctrl-x,a,ctrl-^").expect("keys");
        assert_eq!(keys.filter(b"a\x18a"), (b"a".to_vec(), false));
        assert_eq!(keys.filter(b"\x1e"), (Vec::new(), true));
        assert_eq!(
            DetachKeys::parse("ctrl-p,ctrl-q"),
            Ok(DetachKeys::default())
        );
        for (text, wrong) in [
            ("ctrl-p,foo", "foo"),
            ("ctrl-1", "ctrl-1"),
            ("", ""),
            ("a,", ""),
        ] {
            assert_eq!(DetachKeys::parse(text), Err(wrong), "{text}");
        }
    }
}
