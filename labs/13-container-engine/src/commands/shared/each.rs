//! One act on each of several names, as Docker does it: the names on standard output, and on after a failure.

use crate::error::{Error, Result};
use crate::output::{print, warn};

/// Does something to each container and prints its name, as Docker does; goes on after a failure.
pub(crate) fn each(names: &[String], mut act: impl FnMut(&str) -> Result<()>) -> Result<u8> {
    let mut failed = false;
    let mut errors = Vec::new();
    for name in names {
        match act(name) {
            Ok(()) => print(&format!("{name}\n")),
            Err(error) => errors.push(error),
        }
    }
    for error in errors {
        failed = true;
        warn(&format!("{error}\n"));
    }
    if failed { Err(Error::Exit(1)) } else { Ok(0) }
}

/// The same, with one more line that names those that failed.
pub(crate) fn each_reporting(
    names: &[String],
    summary: &str,
    mut act: impl FnMut(&str) -> Result<()>,
) -> Result<u8> {
    let mut failed = Vec::new();
    for name in names {
        match act(name) {
            Ok(()) => print(&format!("{name}\n")),
            Err(error) => {
                warn(&format!("{error}\n"));
                failed.push(name.as_str());
            }
        }
    }
    if failed.is_empty() {
        return Ok(0);
    }
    warn(&format!("{summary}: {}\n", failed.join(", ")));
    Err(Error::Exit(1))
}
