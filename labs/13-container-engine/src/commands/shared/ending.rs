//! How a container is made to end: the signal, the grace period, the force.

use std::time::Duration;

use nix::libc;

use crate::error::{Context, Result};
use crate::monitor::socket;
use crate::pidfd::PidFd;
use crate::signal;
use crate::store::container::{Container, Status};
use crate::store::disk::Store;
use crate::store::events;

/// How long `stop` waits when nobody says how long, in seconds: Docker's default.
const GRACE: i64 = 10;

// ANCHOR: stop
/// Asks PID 1 to end, waits, and ends it.
pub(crate) fn stop_one(
    store: &Store,
    container: &Container,
    with: Option<&str>,
    seconds: Option<i64>,
) -> Result<()> {
    let config = &container.config;
    let name = with.or(config.stop_signal.as_deref()).unwrap_or("SIGTERM");
    let number = signal::parse(name)?;
    let state = container.state();
    if !matches!(state.status, Status::Running | Status::Restarting) {
        return Ok(());
    }
    forbid_restart(container);
    // Read again: a monitor that had no PID 1 to tell us of looks for our
    // word as soon as it has one.
    if let Some(pid1) = container.pid1(&container.state()) {
        let seconds = seconds.or(config.stop_timeout).unwrap_or(GRACE);
        // A negative number of seconds is no number of seconds: for ever.
        let grace = u64::try_from(seconds).ok().map(Duration::from_secs);
        send(store, container, &pid1, number)?;
        if !pid1.ended_within(grace).context("wait for the container")? {
            send(store, container, &pid1, libc::SIGKILL)?;
        }
    }
    // PID 1 has ended, but that is not yet written down.
    container.wait().context("wait for the monitor")?;
    events::record(store, config, "stop", &[]);
    Ok(())
}
// ANCHOR_END: stop

/// Whatever its restart policy says: this end is wanted.
pub(crate) fn forbid_restart(container: &Container) {
    container.set_stopped(true);
    socket::wake(container);
}

/// Sends one signal and records it; the event first, since the signal may be the end.
pub(crate) fn send(store: &Store, container: &Container, pid1: &PidFd, number: i32) -> Result<()> {
    events::record(
        store,
        &container.config,
        "kill",
        &[("signal", number.to_string())],
    );
    match pid1.send(number) {
        Err(error) if error.raw_os_error() != Some(libc::ESRCH) => {
            Err(error).context("signal the container")
        }
        _ => Ok(()),
    }
}
