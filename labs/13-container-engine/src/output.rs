//! Printing. A reader that went away ends us by SIGPIPE, as any program of the shell; whatever else
//! is wrong with the output cannot be told on it.

use std::io::{self, Write};

/// To standard output, at once.
pub(crate) fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// To standard error.
pub(crate) fn warn(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
