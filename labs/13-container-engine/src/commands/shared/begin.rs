//! Starting a container that exists, for `start` and `restart`.

use std::os::unix::net::UnixStream;

use crate::error::Result;
use crate::monitor::channel::{Decoder, FromMonitor, Wants};
use crate::monitor::start;
use crate::store::container::{Container, Status};
use crate::store::disk::Store;

/// Starts it unless it runs.
pub(crate) fn begin(
    store: &Store,
    container: &Container,
    wants: Wants,
) -> Result<Option<(UnixStream, Decoder<FromMonitor>)>> {
    let changes = container.lock_changes()?;
    // One that waits for its restart counts as running: its monitor will start it.
    if matches!(
        container.state().status,
        Status::Running | Status::Restarting
    ) {
        return Ok(None);
    }
    start::start(store, container, wants, Some(changes)).map(Some)
}
