//! Where a process's input comes from and its output goes to.

use std::fs::File;
use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use nix::sys::socket::{ControlMessage, MsgFlags, UnixAddr, sendmsg};
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout};
use rustix::process::ioctl_tiocsctty;
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, unlockpt};

use crate::pid1::devices;

/// What to connect.
#[derive(Debug)]
pub(crate) enum Stdio {
    /// Three descriptors.
    Files([OwnedFd; 3]),
    /// A new terminal of the container's own /dev/pts.
    Terminal,
}

/// What goes to the monitor together with a terminal's master. After it comes, as without a terminal, either an error
/// as JSON, or nothing but the end of the stream, because execve(2) closes our end.
pub(crate) const TERMINAL: u8 = b'T';

/// Makes them our standard input, output and error. The terminal of PID 1 is the container's /dev/console, too.
pub(crate) fn connect(stdio: Stdio, channel: &UnixStream, is_first: bool) -> io::Result<()> {
    let [input, output, error] = match stdio {
        Stdio::Files(files) => files,
        Stdio::Terminal => {
            let terminal = open_terminal(channel)?;
            if is_first {
                devices::bind_console(&terminal)?;
            }
            [terminal.try_clone()?, terminal.try_clone()?, terminal]
        }
    };
    dup2_stdin(&input)?;
    dup2_stdout(&output)?;
    dup2_stderr(&error)?;
    Ok(())
}

/// Opens a new terminal, sends its master to the monitor, and makes it our controlling terminal: `pty(7)`.
fn open_terminal(channel: &UnixStream) -> io::Result<OwnedFd> {
    let master = File::options().read(true).write(true).open("/dev/ptmx")?;
    unlockpt(&master)?;
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    // Not by its name, which the container might have given to something else: TIOCGPTPEER, ioctl_tty(2).
    let terminal = ioctl_tiocgptpeer(&master, flags)?;
    let fds = [master.as_raw_fd()];
    sendmsg::<UnixAddr>(
        channel.as_raw_fd(),
        &[IoSlice::new(&[TERMINAL])],
        &[ControlMessage::ScmRights(&fds)],
        MsgFlags::empty(),
        None,
    )?;
    // We lead a session that has no terminal yet; this becomes its controlling one.
    ioctl_tiocsctty(&terminal)?;
    Ok(terminal)
}
