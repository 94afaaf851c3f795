//! How a monitor begins, as its client sees it.

use std::fs::File;
use std::os::unix::net::UnixStream;

use nix::unistd::ForkResult;

use crate::error::{Context, Error, Result, StartError};
use crate::monitor::channel::{Decoder, FromMonitor, Wants};
use crate::monitor::detach::fork_detached;
use crate::monitor::watch::Monitor;
use crate::pid1::program::die;
use crate::store::container::Container;
use crate::store::disk::Store;

// ANCHOR: start
/// Leaves a monitor behind, which starts the container; returns its socket.
///
/// The caller's process forks, and its child becomes the monitor: no daemon has
/// to be there first. The lock that says "watched" is taken here and inherited;
/// the kernel lets go of it when the last holder, the monitor, ends. `changes` is
/// the caller's own lock, which comes back: the monitor closes its copy, or the
/// lock would be held for as long as the container runs (flock(2)).
pub(crate) fn launch(
    store: &Store,
    container: &Container,
    wants: Wants,
    changes: Option<File>,
) -> Result<(UnixStream, Option<File>)> {
    let path = container.file("status");
    let status = container.status_file().at("open", &path)?;
    status.lock().at("lock", &path)?;
    if !container.exists() {
        return Err(container.gone());
    }
    container.set_stopped(false);
    let (ours, theirs) = UnixStream::pair().context("make a socket")?;
    match fork_detached(&container.config.name)? {
        ForkResult::Parent { .. } => Ok((ours, changes)),
        ForkResult::Child => {
            drop((ours, changes));
            // Nobody is left to hear of an error but those who read the state.
            let _ = Monitor::new(store, container, status).watch(theirs, wants);
            die(0)
        }
    }
}
// ANCHOR_END: start

/// Starts a container and returns when PID 1 runs. `changes`: see [`launch`].
pub(crate) fn start(
    store: &Store,
    container: &Container,
    wants: Wants,
    changes: Option<File>,
) -> Result<(UnixStream, Decoder<FromMonitor>)> {
    let wants = Wants {
        start: true,
        ..wants
    };
    let (socket, _changes) = launch(store, container, wants, changes)?;
    let mut decoder = Decoder::default();
    loop {
        match decoder.wait(&socket).context("hear from the monitor")? {
            Some(FromMonitor::Started) => return Ok((socket, decoder)),
            Some(FromMonitor::Failed(error)) => {
                // It lets go of the lock when it has written everything down.
                let _ = decoder.wait(&socket);
                return Err(Error::Start(error));
            }
            Some(_) => {}
            None => return Err(Error::Start(StartError::engine("the monitor is gone"))),
        }
    }
}
