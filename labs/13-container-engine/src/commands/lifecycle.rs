//! What happens to containers that exist: stop, kill, wait, restart, rm.

use std::io;
use std::time::Duration;

use nix::libc;

use crate::cli::parse::Parsed;
use crate::commands::foreground::begin;
use crate::error::{Context, Error, Result, daemon};
use crate::monitor::watch;
use crate::output::{print, warn};
use crate::pidfd::PidFd;
use crate::signal;
use crate::store::container::{Container, Status};
use crate::store::disk::Store;
use crate::store::events;

/// How long `stop` waits when nobody says how long, in seconds: Docker's default.
const GRACE: i64 = 10;

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

/// `docker stop`.
pub(crate) fn stop(parsed: &Parsed) -> Result<u8> {
    let (store, seconds) = (Store::open()?, seconds(parsed));
    each(&parsed.args, |name| {
        let container = Container::find(&store, name)?;
        stop_one(&store, &container, parsed.get("signal"), seconds)
    })
}

/// `--timeout`, which older clients call `--time`.
fn seconds(parsed: &Parsed) -> Option<i64> {
    if parsed.get("time").is_some() {
        print("Flag --time has been deprecated, use --timeout instead\n");
    }
    parsed.number("timeout").or_else(|| parsed.number("time"))
}

/// `docker restart`.
pub(crate) fn restart(parsed: &Parsed) -> Result<u8> {
    let (store, seconds) = (Store::open()?, seconds(parsed));
    each(&parsed.args, |name| {
        let container = Container::find(&store, name)?;
        stop_one(&store, &container, parsed.get("signal"), seconds)?;
        begin(&store, &container)?;
        events::record(&store, &container.config, "restart", &[]);
        Ok(())
    })
}

// ANCHOR: stop
/// Asks PID 1 to end, waits, and ends it.
fn stop_one(
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
    // Read again: a monitor that had no PID 1 to tell us of looks for our word as soon as it has one.
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
fn forbid_restart(container: &Container) {
    container.set_stopped(true);
    watch::knock(container);
}

/// Sends one signal and records it; the event first, since the signal may be the end.
fn send(store: &Store, container: &Container, pid1: &PidFd, number: i32) -> Result<()> {
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

/// `docker kill`.
pub(crate) fn kill(parsed: &Parsed) -> Result<u8> {
    let store = Store::open()?;
    let number = signal::parse(parsed.get("signal").unwrap_or("KILL")).map_err(Error::from);
    each(&parsed.args, |name| {
        let wrap = |error: Error| match error {
            Error::Daemon(text) => daemon!("Cannot kill container: {name}: {text}"),
            other => other,
        };
        let container = Container::find(&store, name).map_err(wrap)?;
        let number = match &number {
            Ok(number) => *number,
            Err(Error::Daemon(text)) if text.starts_with("Invalid") => {
                return Err(daemon!("{text}"));
            }
            Err(error) => {
                return Err(wrap(daemon!(
                    "{}",
                    error
                        .to_string()
                        .trim_start_matches("Error response from daemon: ")
                )));
            }
        };
        let (_, pid1) = match container.running() {
            Ok(running) => running,
            Err(error) => return Err(wrap(error)),
        };
        if container.config.forbids_restart(number) {
            forbid_restart(&container);
        }
        send(&store, &container, &pid1, number)?;
        // SIGKILL is the end for sure, and who asked for it wants to see it.
        if number == libc::SIGKILL {
            container.wait().context("wait for the monitor")?;
        }
        Ok(())
    })
}

/// `docker wait`.
pub(crate) fn wait(parsed: &Parsed) -> Result<u8> {
    let store = Store::open()?;
    let mut failed = false;
    for name in &parsed.args {
        let code = Container::find(&store, name).and_then(|container| {
            let code = container.wait().context("wait")?;
            code.ok_or_else(|| daemon!("No such container: {name}"))
        });
        match code {
            Ok(code) => print(&format!("{code}\n")),
            Err(error) => {
                warn(&format!("{error}\n"));
                failed = true;
            }
        }
    }
    if failed { Err(Error::Exit(1)) } else { Ok(0) }
}

/// `docker rm`.
pub(crate) fn rm(parsed: &Parsed) -> Result<u8> {
    let store = Store::open()?;
    let force = parsed.is("force");
    let mut errors = Vec::new();
    let mut failed = false;
    for name in &parsed.args {
        match remove(&store, name, force) {
            Ok(()) => print(&format!("{name}\n")),
            Err(error) => {
                // What is gone already is what --force asks for.
                failed |= !(force
                    && error
                        .to_string()
                        .ends_with(&format!("No such container: {name}")));
                errors.push(error);
            }
        }
    }
    for error in errors {
        warn(&format!("{error}\n"));
    }
    if failed { Err(Error::Exit(1)) } else { Ok(0) }
}

/// Deletes one container.
pub(crate) fn remove(store: &Store, name: &str, force: bool) -> Result<()> {
    let container = Container::find(store, name)?;
    let config = &container.config;
    let _locks = loop {
        // With --rm, the monitor has deleted it.
        let Ok(changes) = container.lock_changes() else {
            return Ok(());
        };
        let unwatched = container.lock_out_monitors();
        if let Some(unwatched) = unwatched.at("lock", &container.file("status"))? {
            break (changes, unwatched);
        }
        drop(changes);
        // "Exited", and still watched: the monitor is at its last lines.
        if container.state().status != Status::Exited {
            if !force {
                return Err(daemon!(
                    "You cannot remove a running container {}. Stop the container before attempting removal or force remove",
                    config.id
                ));
            }
            forbid_restart(&container);
            if let Some(pid1) = container.pid1(&container.state()) {
                send(store, &container, &pid1, libc::SIGKILL)?;
            }
        }
        container.wait().context("wait for the monitor")?;
    };
    match container.delete(store) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).at("delete", &container.file("json"))
        }
        _ => {
            events::record(store, config, "destroy", &[]);
            Ok(())
        }
    }
}

/// `docker container prune -f`.
pub(crate) fn prune(store: &Store) -> Result<u8> {
    let ended = |container: &Container| {
        matches!(container.state().status, Status::Created | Status::Exited)
    };
    let mut deleted = Vec::new();
    for container in Container::all(store).into_iter().filter(ended) {
        remove(store, &container.config.id, false)?;
        deleted.push(container.config.id);
    }
    if !deleted.is_empty() {
        print(&format!("Deleted Containers:\n{}\n\n", deleted.join("\n")));
    }
    print("Total reclaimed space: 0B\n");
    Ok(0)
}
