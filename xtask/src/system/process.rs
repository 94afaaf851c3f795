//! Runs one command to its end: output collected, deadline kept, Ctrl-C obeyed.

use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::system::interrupt;

/// What a finished command left.
#[derive(Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// The standard output of a command that ended with 0; otherwise an error with all it said.
    pub fn success(self, what: &str) -> Result<String> {
        if self.status.success() {
            return Ok(self.stdout);
        }
        let said = format!("{}{}", self.stdout, self.stderr);
        bail!("{what} failed ({}):\n{}", self.status, said.trim_end());
    }
}

/// Runs `command` with no input. A deadline that passes or an interrupt kills its whole process group.
pub fn run(command: &mut Command, deadline: Duration) -> Result<Output> {
    start(command.stdin(Stdio::null()), deadline, true)
}

/// Like [`run`], but an interrupt does not stop it: for what has to be done after one.
pub fn run_to_end(command: &mut Command, deadline: Duration) -> Result<Output> {
    start(command.stdin(Stdio::null()), deadline, false)
}

fn start(command: &mut Command, deadline: Duration, obey: bool) -> Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    // A process group of its own: Ctrl-C reaches it through us, and the whole group can be ended.
    command
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot run {name}"))?;
    match collect(&mut child, &name, Instant::now() + deadline, obey) {
        Ok(output) => Ok(output),
        Err(error) => {
            end_group(&mut child);
            Err(error)
        }
    }
}

fn end_group(child: &mut Child) {
    // Not yet waited for, so the number cannot have been given to another process.
    if let Ok(pid) = i32::try_from(child.id()) {
        let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
    }
    let _ = child.wait();
}

fn collect(child: &mut Child, name: &str, deadline: Instant, obey: bool) -> Result<Output> {
    let mut out = child.stdout.take().context("stdout is piped")?;
    let mut err = child.stderr.take().context("stderr is piped")?;
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let (mut out_open, mut err_open) = (true, true);
    while out_open || err_open {
        let mut watched = Vec::new();
        if out_open {
            watched.push(out.as_fd());
        }
        if err_open {
            watched.push(err.as_fd());
        }
        let ready = wait(&watched, deadline, obey)?;
        if ready.is_empty() {
            bail!("{name} did not end in time");
        }
        let err_ready = ready[usize::from(out_open)..].first() == Some(&true);
        if out_open && ready[0] {
            out_open = append(&mut out, &mut stdout)?;
        }
        if err_open && err_ready {
            err_open = append(&mut err, &mut stderr)?;
        }
    }
    let status = child
        .wait()
        .with_context(|| format!("cannot wait for {name}"))?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Output {
        status,
        stdout: text(stdout),
        stderr: text(stderr),
    })
}

/// Waits until one of `watched` is readable; says which are. Empty: the deadline passed. An interrupt
/// is an error.
pub fn wait_readable(watched: &[BorrowedFd<'_>], deadline: Instant) -> Result<Vec<bool>> {
    wait(watched, deadline, true)
}

/// Like [`wait_readable`], but an interrupt does not end it: for what has to be done after one.
pub fn wait_after_all(watched: &[BorrowedFd<'_>], deadline: Instant) -> Result<Vec<bool>> {
    wait(watched, deadline, false)
}

fn wait(watched: &[BorrowedFd<'_>], deadline: Instant, obey: bool) -> Result<Vec<bool>> {
    let interrupt = if obey { interrupt::fd() } else { None };
    let check = || if obey { interrupt::check() } else { Ok(()) };
    loop {
        check()?;
        let mut fds: Vec<PollFd<'_>> = watched
            .iter()
            .chain(&interrupt)
            .map(|fd| PollFd::new(*fd, PollFlags::POLLIN))
            .collect();
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Vec::new());
        }
        let left =
            PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
        match poll(&mut fds, left) {
            Err(Errno::EINTR) | Ok(0) => {}
            Err(error) => return Err(error).context("poll"),
            Ok(_) => {
                check()?;
                return Ok(fds[..watched.len()]
                    .iter()
                    .map(|fd| fd.any() == Some(true))
                    .collect());
            }
        }
    }
}

/// Appends what is there; false at end of file.
fn append(from: &mut impl Read, to: &mut Vec<u8>) -> Result<bool> {
    let mut buffer = [0; 16 * 1024];
    match from.read(&mut buffer) {
        Ok(0) => Ok(false),
        Ok(read) => {
            to.extend_from_slice(&buffer[..read]);
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(true),
        Err(error) => Err(error).context("cannot read a command's output"),
    }
}

/// The exit status as a shell's `$?` gives it: the code, or 128 plus the signal's number.
pub fn shell_status(status: ExitStatus) -> i32 {
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

/// Where `program` is on PATH, if it is there and executable.
pub fn which(program: &str) -> Option<std::path::PathBuf> {
    use nix::unistd::{AccessFlags, access};
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file() && access(path, AccessFlags::X_OK).is_ok())
}
