//! One act on each of several names, as Docker does it: the names on standard output, and on after a failure.

use std::panic::resume_unwind;
use std::thread;

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

/// Does something to each of several, to all of them side by side, as Docker's client does for some commands; returns
/// what came of each, in their order.
pub(crate) fn at_once<T: Send>(
    several: impl IntoIterator<Item = T>,
    act: impl Fn(T) -> Result<()> + Sync,
) -> Vec<Result<()>> {
    let act = &act;
    thread::scope(|scope| {
        let started: Vec<_> = several
            .into_iter()
            .map(|one| scope.spawn(move || act(one)))
            .collect();
        let outcomes = started.into_iter().map(|one| match one.join() {
            Ok(outcome) => outcome,
            Err(panic) => resume_unwind(panic),
        });
        outcomes.collect()
    })
}

/// [`each`], side by side: the grace periods of several pass together.
pub(crate) fn each_at_once(
    names: &[String],
    act: impl Fn(&str) -> Result<()> + Sync,
) -> Result<u8> {
    let mut outcomes = at_once(names, |name| act(name)).into_iter();
    each(names, |_| outcomes.next().unwrap_or(Ok(())))
}

/// [`each`], with one more line that names those that failed.
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
