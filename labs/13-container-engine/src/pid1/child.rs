//! The child: from the first instant of a new process to `execve`. Here the container's PID 1 is
//! set up, and every process that `exec` adds.

use std::convert::Infallible;
use std::ffi::CString;
use std::fs::{self, File};
use std::io::{self, IoSlice, Read, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::socket::{ControlMessage, MsgFlags, UnixAddr, sendmsg};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{chdir, dup2_stderr, dup2_stdin, dup2_stdout, execve, execveat, setsid};

use crate::error::{StartError, plain};
use crate::pid1::credentials::{become_user, find_user};
use crate::pid1::namespace;
use crate::pid1::rootfs;
use crate::signal;
use crate::store::image;

/// What a process in a container is to be.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    pub(crate) argv: Vec<String>,
    pub(crate) env: Vec<String>,
    pub(crate) workdir: String,
    pub(crate) user: String,
    /// Put pocket's own init in front: this file is its program.
    pub(crate) init: bool,
}

/// Where its input comes from and its output goes to.
#[derive(Debug)]
pub(crate) enum Stdio {
    /// Three descriptors.
    Files([OwnedFd; 3]),
    /// A new terminal of the container's own /dev/pts.
    Terminal,
}

/// What the child sends while it sets up: then either an error as JSON, or nothing but the end of
/// the stream, because execve(2) closes it.
pub(crate) const TERMINAL: u8 = b'T';

/// The machine's side of what PID 1 needs to begin.
#[derive(Debug)]
pub(crate) struct Machine<'a> {
    /// A folder to mount on.
    pub(crate) stage: &'a Path,
    /// The image's files.
    pub(crate) files: &'a Path,
    pub(crate) hostname: &'a str,
    /// Whether a real root started us: no user namespace then, and every id exists.
    pub(crate) privileged: bool,
}

// ANCHOR: child
/// PID 1, from the return of `clone` on. Never returns; what goes wrong is sent to the monitor.
pub(crate) fn first(
    machine: &Machine<'_>,
    process: &Process,
    stdio: Stdio,
    mut channel: UnixStream,
) -> ! {
    let outcome = (|| {
        if !machine.privileged {
            // Until the monitor has written the id maps, we are nobody, and may do nothing.
            channel
                .read_exact(&mut [0])
                .map_err(|_| StartError::engine("the monitor is gone"))?;
        }
        // The program of the init has to be opened before the machine's files are out of sight.
        let init = process
            .init
            .then(|| File::open("/proc/self/exe"))
            .transpose();
        let init =
            init.map_err(|error| StartError::engine(format!("cannot open the init: {error}")))?;
        rootfs::enter(
            machine.stage,
            machine.files,
            &process.workdir,
            machine.privileged,
        )?;
        nix::unistd::sethostname(machine.hostname)
            .map_err(|error| StartError::engine(format!("cannot set the host name: {error}")))?;
        namespace::loopback_up().map_err(|error| {
            StartError::engine(format!("cannot switch on the loopback: {error}"))
        })?;
        run(process, stdio, init, machine.privileged, true, &mut channel)
    })();
    give_up(outcome, channel)
}
// ANCHOR_END: child

/// A process that `exec` adds: it is inside the namespaces already. Never returns.
pub(crate) fn another(
    process: &Process,
    stdio: Stdio,
    privileged: bool,
    mut channel: UnixStream,
) -> ! {
    let outcome = run(process, stdio, None, privileged, false, &mut channel);
    give_up(outcome, channel)
}

#[allow(unsafe_code)]
fn give_up(outcome: Result<Infallible, StartError>, mut channel: UnixStream) -> ! {
    let Err(error) = outcome;
    let _ = serde_json::to_vec(&error).map(|text| channel.write_all(&text));
    // SAFETY: always. We are a copy of the monitor: its destructors are not ours to run.
    unsafe { libc::_exit(1) }
}

// ANCHOR: run
/// The common end of the way. The order matters; each step says why it stands where it stands.
fn run(
    process: &Process,
    stdio: Stdio,
    init: Option<File>,
    privileged: bool,
    dies_with_parent: bool,
    channel: &mut UnixStream,
) -> Result<Infallible, StartError> {
    umask(Mode::from_bits_truncate(0o022));
    // A session of our own: no signal of the terminal of whoever started us reaches the container.
    let _ = setsid();
    connect(stdio, channel)
        .map_err(|error| StartError::engine(format!("cannot connect stdio: {}", plain(error))))?;
    // Names are looked up in the container's /etc/passwd, so after its root has become ours.
    let user = find_user(&process.user)?;
    let mut env = process.env.clone();
    if !env.iter().any(|text| text.starts_with("HOME=")) {
        env.push(format!("HOME={}", user.home));
    }
    // Changing user clears the "parent died" signal, so that comes after it: prctl(2).
    become_user(&user, privileged)?;
    if dies_with_parent {
        die_with_parent(channel)?;
    }
    enter_workdir(&process.workdir)?;
    let program = match init {
        Some(_) => String::new(),
        None => find_program(&process.argv, &env)?,
    };
    // Last, because everything before might have changed it: signals as after boot.
    signal::reset_all();
    exec(&program, init, &process.argv, &env)
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
    chdir(workdir).map_err(|error| {
        let text = format!(
            "chdir to cwd (\"{workdir}\") set in config.json failed: {}",
            plain(error)
        );
        StartError {
            code: 126,
            message: text,
        }
    })
}

fn connect(stdio: Stdio, channel: &UnixStream) -> io::Result<()> {
    let [input, output, error] = match stdio {
        Stdio::Files(files) => files,
        Stdio::Terminal => {
            let terminal = open_terminal(channel)?;
            [terminal.try_clone()?, terminal.try_clone()?, terminal]
        }
    };
    dup2_stdin(&input)?;
    dup2_stdout(&output)?;
    dup2_stderr(&error)?;
    Ok(())
}

/// Opens a new terminal, sends its master to the monitor, and makes it our controlling terminal.
#[allow(unsafe_code)]
fn open_terminal(channel: &UnixStream) -> io::Result<OwnedFd> {
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    let master = File::options().read(true).write(true).open("/dev/ptmx")?;
    let unlocked = 0;
    // SAFETY: TIOCSPTLCK reads an int: ioctl_tty(2).
    Errno::result(unsafe {
        libc::ioctl(master.as_raw_fd(), libc::TIOCSPTLCK, &raw const unlocked)
    })?;
    // SAFETY: TIOCGPTPEER takes open(2) flags and returns a new descriptor.
    let slave =
        Errno::result(unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCGPTPEER, flags) })?;
    // SAFETY: the kernel just made it for us.
    let slave = unsafe { OwnedFd::from_raw_fd(slave) };
    let fds = [master.as_raw_fd()];
    let byte = [TERMINAL];
    sendmsg::<UnixAddr>(
        channel.as_raw_fd(),
        &[IoSlice::new(&byte)],
        &[ControlMessage::ScmRights(&fds)],
        MsgFlags::empty(),
        None,
    )?;
    // SAFETY: TIOCSCTTY takes an integer. We lead a session that has no terminal yet.
    Errno::result(unsafe { libc::ioctl(slave.as_raw_fd(), libc::TIOCSCTTY, 0) })?;
    Ok(slave)
}

/// The file that a command names, looked up as a shell would, in the container's PATH.
fn find_program(argv: &[String], env: &[String]) -> Result<String, StartError> {
    let name = argv.first().map(String::as_str).unwrap_or_default();
    let error = |code, what: &str| StartError {
        code,
        message: format!("exec: \"{name}\": {what}"),
    };
    if name.contains('/') {
        let data = fs::metadata(name).map_err(|cause| match cause.kind() {
            io::ErrorKind::PermissionDenied => {
                error(126, &format!("stat {name}: permission denied"))
            }
            _ => error(127, &format!("stat {name}: {}", plain(cause))),
        })?;
        return match is_program(&data) {
            true => Ok(name.to_owned()),
            false => Err(error(126, "permission denied")),
        };
    }
    let path = env
        .iter()
        .find_map(|text| text.strip_prefix("PATH="))
        .unwrap_or(image::PATH);
    let mut places = path
        .split(':')
        .filter(|dir| !dir.is_empty())
        .map(|dir| format!("{dir}/{name}"));
    let found = places
        .find(|place| !name.is_empty() && fs::metadata(place).is_ok_and(|data| is_program(&data)));
    found.ok_or_else(|| error(127, "executable file not found in $PATH"))
}

fn is_program(data: &fs::Metadata) -> bool {
    !data.is_dir() && data.permissions().mode() & 0o111 != 0
}

/// Becomes the program. When the kernel will not, because the file is no program after all or its
/// interpreter is missing, the container has begun already: it says so on its own stderr and ends
/// with 1, as runc's does.
fn exec(
    program: &str,
    init: Option<File>,
    argv: &[String],
    env: &[String],
) -> Result<Infallible, StartError> {
    let c = |text: &String| CString::new(text.as_bytes());
    let all = |list: &[String]| list.iter().map(c).collect::<Result<Vec<_>, _>>();
    let (Ok(argv), Ok(env), Ok(path)) = (all(argv), all(env), CString::new(program)) else {
        return Err(StartError::engine("a command or variable holds a NUL"));
    };
    let Err(error) = match init {
        Some(file) => {
            let mut init_argv = vec![crate::pid1::init::NAME.to_owned(), c"--".to_owned()];
            init_argv.extend(argv);
            execveat(file, c"", &init_argv, &env, AtFlags::AT_EMPTY_PATH)
        }
        None => execve(&path, &argv, &env),
    };
    let _ = writeln!(io::stderr(), "exec {program}: {}", plain(error));
    die(1)
}

/// Ends the calling child at once.
#[allow(unsafe_code)]
pub(crate) fn die(code: i32) -> ! {
    // SAFETY: always. Neither destructors nor buffers of the process we were copied from are ours.
    unsafe { libc::_exit(code) }
}
