//! How a monitor makes PID 1: the namespaces, a channel to hear of failures, the pipes; then the proxy of its ports.

use std::fs::File;
use std::io::{self, IoSliceMut, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::libc;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, UnixAddr, recvmsg};
use nix::unistd::geteuid;

use crate::error::{StartError, plain};
use crate::monitor::proxy::{self, Proxy, Published};
use crate::monitor::streams::Streams;
use crate::pid1::join;
use crate::pid1::namespaces::{self, Cloned, Namespaces};
use crate::pid1::process::{self, Process};
use crate::pid1::rootfs::Machine;
use crate::pid1::stdio::{Stdio, TERMINAL};
use crate::pidfd::PidFd;
use crate::store::container::Container;
use crate::store::disk::Store;
use crate::store::image::Image;

/// A new PID 1.
#[derive(Debug)]
pub(crate) struct Spawned {
    pub(crate) pid1: PidFd,
    pub(crate) pid: i32,
    /// Its mount namespace, held open.
    pub(crate) mounts: Option<File>,
}

/// Makes PID 1.
#[allow(unsafe_code)]
pub(crate) fn spawn(
    store: &Store,
    container: &Container,
    stdio: Stdio,
    streams: &mut Streams,
) -> Result<Spawned, StartError> {
    let config = &container.config;
    let process = Process {
        argv: config.argv(),
        env: config.environment(),
        workdir: if config.workdir.is_empty() {
            "/".into()
        } else {
            config.workdir.clone()
        },
        user: config.user.clone(),
        cap_add: config.cap_add.clone(),
        init: config.init == Some(true),
    };
    let files = Image::files(store, &config.image_id);
    let stage = store.containers();
    let privileged = geteuid().is_root();
    let machine = Machine {
        stage: &stage,
        files: &files,
        hostname: &config.hostname,
        privileged,
        // For its ids, or until we hold its mount namespace, by which we tell what it leaves in another's.
        waits: !privileged || config.pid.is_some(),
    };
    let failed = |error: io::Error| {
        StartError::engine(format!("cannot make the namespaces: {}", plain(error)))
    };
    let other = config
        .pid
        .as_ref()
        .map(|id| joined(store, id))
        .transpose()?;
    let (ours, theirs) = UnixStream::pair().map_err(failed)?;
    // SAFETY: the monitor was forked from a client with one thread, and has started none since.
    let cloned = unsafe {
        match &other {
            Some(other) => join::clone_into(other),
            None => namespaces::clone(),
        }
    };
    match cloned.map_err(failed)? {
        Cloned::Child => {
            // Our copy of the monitor's end: as long as we hold it, the monitor's death would
            // not close it.
            drop((ours, other));
            process::first(&machine, &process, stdio, theirs)
        }
        Cloned::Parent(pid1, pid) => {
            drop((theirs, stdio));
            // Only some wait for a byte. (One that is never read would
            // turn the end of the stream into an error: ECONNRESET.)
            let mounts = File::open(format!("/proc/{pid}/ns/mnt")).ok();
            let release = || {
                if other.is_none() {
                    namespaces::map_root_to_us(pid)?;
                }
                (&ours).write_all(&[0])
            };
            let outcome = if machine.waits { release() } else { Ok(()) }.map_err(failed);
            let outcome = outcome.and_then(|()| hear_child(&ours, streams));
            if outcome.is_err() {
                let _ = pid1.send(libc::SIGKILL);
                let _ = pid1.reap();
            }
            outcome
                .map(|()| Spawned { pid1, pid, mounts })
                .map_err(as_runc_says)
        }
    }
}

/// The namespaces of the container that ours is to live in.
fn joined(store: &Store, id: &str) -> Result<Namespaces, StartError> {
    let Ok(container) = Container::find(store, id) else {
        return Err(StartError::engine(format!(
            "cannot join PID of a non running container: {id}: No such container: {id}"
        )));
    };
    let ended = || StartError::engine(format!("container {id} is not running"));
    let (state, pid1) = container.running().map_err(|_| ended())?;
    let namespaces = Namespaces::of(state.pid).map_err(|_| ended())?;
    // It is PID 1's only if PID 1 lived on until now: otherwise the number may have become another's.
    match pid1.ended_within(Some(Duration::ZERO)) {
        Ok(false) => Ok(namespaces),
        _ => Err(ended()),
    }
}

/// Reads what the child says until it has become the program: then its end of the socket is closed.
#[allow(unsafe_code)]
pub(crate) fn hear_child(channel: &UnixStream, streams: &mut Streams) -> Result<(), StartError> {
    let lost =
        |error: io::Error| StartError::engine(format!("cannot hear from the container: {error}"));
    let mut first = [0];
    let mut space = nix::cmsg_space!([RawFd; 1]);
    let mut buffers = [IoSliceMut::new(&mut first)];
    let message = recvmsg::<UnixAddr>(
        channel.as_raw_fd(),
        &mut buffers,
        Some(&mut space),
        MsgFlags::MSG_CMSG_CLOEXEC,
    );
    let message = message.map_err(|error| lost(error.into()))?;
    let count = message.bytes;
    for control in message.cmsgs().map_err(|error| lost(error.into()))? {
        if let ControlMessageOwned::ScmRights(fds) = control {
            for fd in fds {
                // SAFETY: recvmsg(2) has just installed it in this process, and nobody else knows its number.
                streams.terminal = Some(File::from(unsafe { OwnedFd::from_raw_fd(fd) }));
            }
        }
    }
    let mut text = first[..count].to_vec();
    if text == [TERMINAL] {
        text.clear();
    }
    let mut channel = channel;
    if count > 0 {
        channel.read_to_end(&mut text).map_err(lost)?;
    }
    match text.as_slice() {
        [] => Ok(()),
        text => Err(serde_json::from_slice(text).unwrap_or_else(|error| lost(error.into()))),
    }
}

/// A failure to execute is told in the words of the runtime that Docker uses.
fn as_runc_says(error: StartError) -> StartError {
    let StartError { code, message } = error;
    let message = match code {
        126 | 127 => format!(
            "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: {message}: unknown"
        ),
        _ => message,
    };
    StartError { code, message }
}

/// Carries connections to published ports into the network of the process `pid`, if there are any.
#[allow(unsafe_code)]
pub(crate) fn start_proxy(published: &[Published], pid: i32) -> io::Result<Option<Proxy>> {
    if published.is_empty() {
        return Ok(None);
    }
    let inside = Namespaces::of(pid)?;
    // SAFETY: the monitor was forked from a client with one thread, and has started none since.
    unsafe { proxy::start(published, &inside) }.map(Some)
}
