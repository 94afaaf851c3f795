//! The process: from its first instant to `execve`. This way goes the container's PID 1, and, with a
//! shorter beginning, every process that `exec` adds.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::stat::{Mode, umask};
use nix::unistd::{chdir, sethostname, setsid};

use crate::error::{StartError, plain};
use crate::pid1::Step;
use crate::pid1::credentials::become_user;
use crate::pid1::network;
use crate::pid1::program::{self, die};
use crate::pid1::rootfs::{self, Machine};
use crate::pid1::slate;
use crate::pid1::stdio::{self, Stdio};
use crate::pid1::users::find_user;

/// What a process in a container is to be.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    pub(crate) argv: Vec<String>,
    pub(crate) env: Vec<String>,
    pub(crate) workdir: String,
    pub(crate) user: String,
    /// What `--cap-add` says.
    pub(crate) cap_add: Vec<String>,
    /// Put pocket's own init in front.
    pub(crate) init: bool,
}

// ANCHOR: child
/// PID 1, from the return of `clone` on. Never returns; what goes wrong is sent to
/// the monitor.
pub(crate) fn first(
    machine: &Machine<'_>,
    process: &Process,
    stdio: Stdio,
    mut channel: UnixStream,
) -> ! {
    let outcome = (|| {
        if machine.waits {
            // Until the monitor has written the id maps, an ordinary user's process
            // is nobody, and may do nothing.
            channel
                .read_exact(&mut [0])
                .map_err(|_| StartError::engine("the monitor is gone"))?;
        }
        // The init is this same program: it has to be opened before the machine's
        // files are out of sight.
        let init = match process.init {
            true => Some(File::open("/proc/self/exe").step("open the init")?),
            false => None,
        };
        rootfs::enter(machine, &process.workdir)?;
        sethostname(machine.hostname).step("set the host name")?;
        network::loopback_up().step("switch on the loopback")?;
        become_program(process, stdio, init, machine.privileged, true, &mut channel)
    })();
    give_up(outcome, channel)
}
// ANCHOR_END: child

/// A process that `exec` adds: it is inside the namespaces already. Never returns.
pub(crate) fn added(
    process: &Process,
    stdio: Stdio,
    privileged: bool,
    mut channel: UnixStream,
) -> ! {
    let outcome = become_program(process, stdio, None, privileged, false, &mut channel);
    give_up(outcome, channel)
}

/// Sends the error to the monitor, as JSON. (After success there is nobody left to call this.)
fn give_up(outcome: Result<Infallible, StartError>, mut channel: UnixStream) -> ! {
    let Err(error) = outcome;
    let _ = serde_json::to_vec(&error).map(|text| channel.write_all(&text));
    die(1)
}

// ANCHOR: run
/// The common end of the way. The order matters; each step says why it stands where
/// it stands.
fn become_program(
    process: &Process,
    stdio: Stdio,
    init: Option<File>,
    privileged: bool,
    is_first: bool,
    channel: &mut UnixStream,
) -> Result<Infallible, StartError> {
    umask(Mode::from_bits_truncate(0o022));
    // A session of our own: no signal of the terminal of whoever started us reaches
    // the container.
    let _ = setsid();
    stdio::connect(stdio, channel, is_first).step("connect stdio")?;
    // Names are looked up in the container's /etc/passwd, so after its root has
    // become ours.
    let user = find_user(&process.user)?;
    let mut env = process.env.clone();
    if !env.iter().any(|text| text.starts_with("HOME=")) {
        env.push(format!("HOME={}", user.home));
    }
    // Changing user clears the "parent died" signal, so that comes after it:
    // prctl(2).
    become_user(&user, &process.cap_add, privileged)?;
    if is_first {
        die_with_parent(channel)?;
    }
    // As the user: a folder that it may not enter is none to start in.
    enter_workdir(&process.workdir)?;
    let program = match init {
        Some(_) => String::new(),
        None => program::find(&process.argv, &env)?,
    };
    // Last, because everything before might have changed it: signals as after boot.
    slate::wipe();
    program::exec(&program, init, &process.argv, &env)
}
// ANCHOR_END: run

/// If the monitor is killed, the kernel kills us.
fn die_with_parent(channel: &UnixStream) -> Result<(), StartError> {
    let gone = || StartError::engine("the monitor is gone");
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL).map_err(|_| gone())?;
    // It may have died before that call. getppid(2) cannot tell: seen from a new pid namespace, the
    // parent is 0 in any case. But then nobody holds the other end of this socket.
    let mut poll_fd = [PollFd::new(channel.as_fd(), PollFlags::empty())];
    match poll(&mut poll_fd, PollTimeout::ZERO) {
        Ok(0) => Ok(()),
        _ => Err(gone()),
    }
}

fn enter_workdir(workdir: &str) -> Result<(), StartError> {
    chdir(workdir).map_err(|error| StartError {
        code: 126,
        message: format!(
            "chdir to cwd (\"{workdir}\") set in config.json failed: {}",
            plain(io::Error::from(error))
        ),
    })
}
