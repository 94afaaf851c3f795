//! The lowest level of printing: bytes to standard output or standard error, and what happens when that fails.

use std::io::{ErrorKind, Write};

use crate::system::interrupt;

/// The exit status of a run that the machine failed.
const CANNOT_RUN: u8 = 2;

/// Writes to standard output. A reader that has gone (`| head`) ends the run in order and quietly, with SIGPIPE's
/// status; so does any other failure, which says why, as one of the machine's.
pub fn print(text: &str) {
    let mut out = anstream::stdout().lock();
    let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) else {
        return;
    };
    if error.kind() == ErrorKind::BrokenPipe {
        return interrupt::trigger(interrupt::ended_by(nix::libc::SIGPIPE));
    }
    if interrupt::caught().is_none() {
        complain(&format!(
            "error: cannot write to standard output: {error}\n"
        ));
    }
    interrupt::trigger(CANNOT_RUN);
}

/// Writes to standard error. Nobody can be told if that fails.
pub fn complain(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}
