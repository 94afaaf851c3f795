//! One bash process: runs a chapter's commands in order, with one state, as a reader's prompt would.

use std::ffi::OsString;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{SigSet, Signal};

use crate::process::{shell_status, wait_readable};

/// What bash runs: it reads commands, each ended by a NUL, from descriptor 8, and answers every one with its
/// exit status and a newline on descriptor 9. The commands see neither. `set -m` gives jobs process groups of
/// their own, as at a prompt (and so their SIGINT is not ignored, POSIX 2.11).
const DRIVER: &str = r#"
exec 8<&0 9>&2 </dev/null 2>&1
set -m
__status() { return "$1"; }
__last=0
while IFS= read -r -d '' -u 8 __command; do
  __status "$__last"
  eval "$__command" 8<&- 9>&-
  __last=$?
  printf '%s\n' "$__last" >&9
done
"#;

/// A running bash.
#[derive(Debug)]
pub struct Session {
    bash: Child,
    commands: ChildStdin,
    output: OwnedFd,
    status: OwnedFd,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// With this exit status; the session goes on.
    Status(i32),
    /// Not within its deadline: it and the session were killed.
    TimedOut,
    /// bash itself ended (`exit`, `exec`, `set -e`, a signal), with this status.
    Exited(i32),
}

impl Session {
    /// Starts bash in `folder` with `environment` added to ours.
    pub fn start(folder: &Path, environment: &[(OsString, OsString)]) -> Result<Session> {
        let mut command = Command::new("bash");
        command
            .args(["--noprofile", "--norc", "-c", DRIVER, "bash"])
            .current_dir(folder)
            .env_remove("BASH_ENV")
            .env_remove("ENV")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        own_session(&mut command);
        let mut bash = command.spawn().context("cannot run bash")?;
        let commands = bash.stdin.take().context("stdin is piped")?;
        let output = OwnedFd::from(bash.stdout.take().context("stdout is piped")?);
        let status = OwnedFd::from(bash.stderr.take().context("stderr is piped")?);
        fcntl(&output, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok(Session {
            bash,
            commands,
            output,
            status,
        })
    }

    /// Runs one command; `sink` gets its output as it comes. An interrupt is an error.
    pub fn run(
        &mut self,
        command: &str,
        deadline: Duration,
        mut sink: impl FnMut(&[u8]),
    ) -> Result<Ended> {
        if self
            .commands
            .write_all(format!("{command}\0").as_bytes())
            .is_err()
        {
            return self.exited();
        }
        let deadline = Instant::now() + deadline;
        let mut answer = String::new();
        let mut output_open = true;
        loop {
            let mut watched = vec![self.status.as_fd()];
            if output_open {
                watched.push(self.output.as_fd());
            }
            let ready = wait_readable(&watched, deadline)?;
            if ready.is_empty() {
                self.kill();
                return Ok(Ended::TimedOut);
            }
            if ready.get(1) == Some(&true) {
                output_open = drain(&self.output, &mut sink)?;
            }
            if ready[0] {
                let mut buffer = [0; 64];
                let read =
                    nix::unistd::read(&self.status, &mut buffer).context("read from bash")?;
                answer.push_str(&String::from_utf8_lossy(&buffer[..read]));
                if read == 0 || answer.ends_with('\n') {
                    // All that the command wrote was in the pipe before bash wrote its status.
                    drain(&self.output, &mut sink)?;
                    let Ok(status) = answer.trim_end().parse() else {
                        return self.exited();
                    };
                    return Ok(Ended::Status(status));
                }
            }
        }
    }

    fn exited(&mut self) -> Result<Ended> {
        let status = self.bash.wait().context("cannot wait for bash")?;
        Ok(Ended::Exited(shell_status(status)))
    }

    fn kill(&mut self) {
        // bash alone: what it has started is for the sweep, which also asks first where that matters.
        let _ = self.bash.kill();
        let _ = self.bash.wait();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Reads what is in the pipe now; false at end of file.
fn drain(from: &OwnedFd, sink: &mut impl FnMut(&[u8])) -> Result<bool> {
    let mut buffer = [0; 16 * 1024];
    loop {
        match nix::unistd::read(from, &mut buffer) {
            Ok(0) => return Ok(false),
            Ok(read) => sink(&buffer[..read]),
            Err(nix::errno::Errno::EAGAIN) => return Ok(true),
            Err(nix::errno::Errno::EINTR) => {}
            Err(error) => bail!("cannot read from bash: {error}"),
        }
    }
}

/// A session without a terminal (or `set -m` would fight over ours), which ends when we do, and which begins
/// with every disposition at its default and an empty mask: exec keeps both (signal(7)), and what our own parents
/// ignored or blocked is no business of the book's.
#[allow(unsafe_code)]
fn own_session(command: &mut Command) {
    // SAFETY: between fork and exec only async-signal-safe functions may run (signal-safety(7)): setsid, prctl,
    // rt_sigaction and pthread_sigmask are bare system calls and nothing here allocates. PR_SET_PDEATHSIG is kept
    // by exec, so a SIGKILL of the runner ends bash too; it belongs to the thread that forked, which runs the
    // session to its end.
    unsafe {
        command.pre_exec(|| {
            nix::unistd::setsid()?;
            nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
            // The kernel's own struct: all zero is SIG_DFL, no flags, empty mask, on every architecture. The C
            // library's sigaction() would refuse 32 and 33, which it keeps for itself. SIGKILL and SIGSTOP are
            // refused (EINVAL) and need no reset.
            let default = [0u64; 8];
            for signal in 1..=64 {
                let null = std::ptr::null_mut::<u64>();
                nix::libc::syscall(
                    nix::libc::SYS_rt_sigaction,
                    signal,
                    default.as_ptr(),
                    null,
                    8,
                );
            }
            // Last: what is pending must not meet a disposition of our parents'.
            SigSet::empty().thread_set_mask()?;
            Ok(())
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(30);

    fn session() -> Session {
        Session::start(Path::new("/"), &[]).unwrap()
    }

    fn run(session: &mut Session, command: &str) -> (String, Ended) {
        let mut output = Vec::new();
        let ended = session
            .run(command, SOON, |bytes| output.extend_from_slice(bytes))
            .unwrap();
        (String::from_utf8(output).unwrap(), ended)
    }

    #[test]
    fn state_is_kept_from_command_to_command() {
        let mut session = session();
        assert_eq!(
            run(&mut session, "cd /tmp; x=1; (exit 7)"),
            (String::new(), Ended::Status(7))
        );
        assert_eq!(
            run(&mut session, "echo $? $x $PWD"),
            ("7 1 /tmp\n".into(), Ended::Status(0))
        );
        assert_eq!(
            run(&mut session, "sleep 100 &"),
            (String::new(), Ended::Status(0))
        );
        assert_eq!(
            run(&mut session, "kill -INT $!; wait $!").1,
            Ended::Status(130)
        );
    }

    #[test]
    fn nothing_is_ignored_or_blocked() {
        let mut session = session();
        let (output, _) = run(&mut session, "grep -E 'SigBlk|SigIgn' /proc/self/status");
        assert_eq!(
            output,
            "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
        );
    }

    #[test]
    fn both_streams_come_in_order_and_input_is_empty() {
        let mut session = session();
        assert_eq!(
            run(&mut session, "echo a; echo b >&2; cat; echo c").0,
            "a\nb\nc\n"
        );
        assert_eq!(run(&mut session, "if").1, Ended::Status(2));
    }

    #[test]
    fn a_hanging_command_is_killed_at_its_deadline() {
        use crate::sweep::{MARK, sweep};
        // A job has a process group of its own: the sweep ends it, here as in a run.
        let value = format!("test-hang-{}", std::process::id());
        let mut session =
            Session::start(Path::new("/"), &[(MARK.into(), (&value).into())]).unwrap();
        let ended = session
            .run("sleep 1000", Duration::from_millis(50), |_| ())
            .unwrap();
        assert_eq!(ended, Ended::TimedOut);
        sweep(&value);
    }

    #[test]
    fn a_shell_that_ends_is_told_apart() {
        let mut session = session();
        assert_eq!(
            run(&mut session, "echo bye; exit 3"),
            ("bye\n".into(), Ended::Exited(3))
        );
        assert_eq!(run(&mut session, "echo more").1, Ended::Exited(3));
    }
}
