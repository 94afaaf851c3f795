//! Starting a container that exists, for `start` and `restart`.

use std::os::unix::net::UnixStream;

use crate::error::Result;
use crate::monitor::channel::Decoder;
use crate::monitor::watch;
use crate::store::container::Container;
use crate::store::disk::Store;

/// Starts it unless it runs.
pub(crate) fn begin(store: &Store, container: &Container) -> Result<Option<(UnixStream, Decoder)>> {
    let changes = container.lock_changes()?;
    if container.running().is_ok() {
        return Ok(None);
    }
    watch::start(store, container, Some(changes)).map(Some)
}
