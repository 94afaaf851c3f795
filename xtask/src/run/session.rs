//! One bash process: runs a chapter's commands in order, with one state, as a reader's prompt would.

use std::ffi::OsString;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{SigSet, Signal};

use crate::run::screen::complain;
use crate::system::process::shell_status;
use crate::system::wait::{Until, pidfd, wait};

/// What bash runs: it reads commands, each ended by a NUL, from descriptor 8, and answers every one with its
/// exit status and a newline on descriptor 9, where a first NUL says that it is ready. The commands see neither. `set -m` gives jobs process groups of
/// their own, as at a prompt (and so their SIGINT is not ignored, POSIX 2.11).
const DRIVER: &str = r#"
exec 8<&0 9>&2 </dev/null 2>&1
printf '\0' >&9
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

/// How long bash may take to start.
const START: Duration = Duration::from_secs(60);

/// How much one command may print, in bytes: the runner keeps all of it.
pub const LIMIT: usize = 16 << 20;

/// What a pipe holds (pipe(7)), in bytes.
const PIPE: usize = 64 << 10;

/// Whom we listen to. The end of bash is told by its pidfd and not by the end of a pipe: `exec` closes one while the
/// process lives, and a job in the background may hold one when bash is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Status,
    Output,
    End,
}

/// What came of listening to bash.
enum Heard {
    /// What it said, without the byte at its end.
    Answer(String),
    /// It ended, with this status.
    End(i32),
    /// Nothing, until the deadline.
    Nothing,
    /// Nothing, and [`LIMIT`] was passed.
    TooMuch,
}

/// A running bash.
#[derive(Debug)]
pub struct Session {
    bash: Child,
    pidfd: OwnedFd,
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
    /// It printed more than [`LIMIT`]: it and the session were killed.
    PrintedTooMuch,
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
        let pidfd = pidfd(&bash)?;
        let mut session = Session {
            bash,
            pidfd,
            commands,
            output,
            status,
        };
        session.begin()?;
        Ok(session)
    }

    /// Waits until bash takes commands. What it says before that is no answer: of a library that LD_PRELOAD names and
    /// that is not there, of a locale that is not there.
    fn begin(&mut self) -> Result<()> {
        match self.listen(b'\0', Until::within(START), |_| ())? {
            Heard::Answer(said) if said.is_empty() => Ok(()),
            Heard::Answer(said) => {
                complain(&format!("warning: bash says: {}\n", said.trim_end()));
                Ok(())
            }
            Heard::End(status) => {
                bail!("bash ended with exit status {status} before its first command")
            }
            Heard::Nothing | Heard::TooMuch => bail!("bash does not start"),
        }
    }

    /// Runs one command; `sink` gets its output as it comes. An interrupt is an error.
    pub fn run(
        &mut self,
        command: &str,
        deadline: Duration,
        sink: impl FnMut(&[u8]),
    ) -> Result<Ended> {
        // If bash is gone there is nobody to write to, which its pidfd will tell.
        let _ = self.commands.write_all(format!("{command}\0").as_bytes());
        match self.listen(b'\n', Until::within(deadline), sink)? {
            Heard::Answer(answer) => match answer.trim_end().parse() {
                Ok(status) => Ok(Ended::Status(status)),
                Err(_) => bail!("bash said {answer:?} where its exit status should be"),
            },
            Heard::End(status) => Ok(Ended::Exited(status)),
            Heard::Nothing => {
                self.kill();
                Ok(Ended::TimedOut)
            }
            Heard::TooMuch => {
                self.kill();
                Ok(Ended::PrintedTooMuch)
            }
        }
    }

    /// Listens for an answer that ends in `end`. Until then `sink` gets what the commands print.
    fn listen(&mut self, end: u8, until: Until<'_>, mut sink: impl FnMut(&[u8])) -> Result<Heard> {
        let mut answer = Vec::new();
        let mut printed = 0;
        let mut open = vec![Source::Status, Source::Output, Source::End];
        loop {
            let watched: Vec<_> = open
                .iter()
                .map(|source| match source {
                    Source::Status => (Source::Status, self.status.as_fd()),
                    Source::Output => (Source::Output, self.output.as_fd()),
                    Source::End => (Source::End, self.pidfd.as_fd()),
                })
                .collect();
            let Some(ready) = wait(&watched, until)? else {
                return Ok(Heard::Nothing);
            };
            // The first that is ready, in the order in which they stand above: what bash answered comes before its end.
            match ready.first() {
                Some(Source::Status) => {
                    let mut bytes = [0; 64];
                    let read =
                        nix::unistd::read(&self.status, &mut bytes).context("read from bash")?;
                    answer.extend_from_slice(&bytes[..read]);
                    if answer.last() == Some(&end) {
                        answer.pop();
                        self.rest(&mut sink)?;
                        let answer = String::from_utf8_lossy(&answer).into_owned();
                        return Ok(Heard::Answer(answer));
                    }
                    if read == 0 {
                        open.retain(|source| *source != Source::Status);
                    }
                }
                // Before the output: a job may hold that open, and print for ever, when bash is gone.
                Some(_) if ready.contains(&Source::End) => {
                    self.rest(&mut sink)?;
                    let status = self.bash.wait().context("cannot wait for bash")?;
                    return Ok(Heard::End(shell_status(status)));
                }
                Some(_) => match self.read_output(&mut sink)? {
                    Some(0) => open.retain(|source| *source != Source::Output),
                    Some(read) => printed += read,
                    None => {}
                },
                None => {}
            }
            if printed > LIMIT {
                return Ok(Heard::TooMuch);
            }
        }
    }

    /// Reads what is in the pipe. All that a command wrote was there before bash wrote its status, so it is no more
    /// than a pipe holds (pipe(7)); what a job in the background adds meanwhile may be the next command's.
    fn rest(&self, sink: &mut impl FnMut(&[u8])) -> Result<()> {
        let mut left = PIPE;
        while left > 0
            && let Some(read @ 1..) = self.read_output(sink)?
        {
            left = left.saturating_sub(read);
        }
        Ok(())
    }

    /// Reads once: how many bytes, 0 at the end of file. `None` if there is nothing now.
    fn read_output(&self, sink: &mut impl FnMut(&[u8])) -> Result<Option<usize>> {
        let mut buffer = [0; 16 * 1024];
        match nix::unistd::read(&self.output, &mut buffer) {
            Ok(read) => {
                sink(&buffer[..read]);
                Ok(Some(read))
            }
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(None),
            Err(error) => bail!("cannot read from bash: {error}"),
        }
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
    use crate::system::sweep::{MARK, sweep};
    use std::sync::atomic::{AtomicUsize, Ordering};

    const SOON: Duration = Duration::from_secs(30);

    fn session() -> Session {
        Session::start(Path::new("/"), &[]).unwrap()
    }

    /// Ends, as a run does, what a session's commands have started: a job has a process group of its own, and outlives
    /// the bash that is killed.
    struct Jobs(String);

    impl Drop for Jobs {
        fn drop(&mut self) {
            sweep(&self.0);
        }
    }

    fn marked_session() -> (Session, Jobs) {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let value = format!("test-session-{}-{number}", std::process::id());
        let mark = (MARK.into(), (&value).into());
        let session = Session::start(Path::new("/"), &[mark]).unwrap();
        (session, Jobs(value))
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
            run(&mut session, "sleep 1000 &"),
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
        let (mut session, _jobs) = marked_session();
        let ended = session
            .run("sleep 1000", Duration::from_millis(50), |_| ())
            .unwrap();
        assert_eq!(ended, Ended::TimedOut);
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

    #[test]
    fn exec_is_waited_for_and_a_job_is_not() {
        let mut replaced = session();
        let late = "exec bash -c 'sleep 0.1; echo late; exit 3'";
        assert_eq!(
            run(&mut replaced, late),
            ("late\n".into(), Ended::Exited(3))
        );
        let (mut deaf, _jobs) = marked_session();
        let ended = deaf.run("exec sleep 1000", Duration::from_millis(50), |_| ());
        assert_eq!(ended.unwrap(), Ended::TimedOut);

        let (mut session, _jobs) = marked_session();
        let job = "(while :; do sleep 1; done) & exit 3";
        assert_eq!(run(&mut session, job), (String::new(), Ended::Exited(3)));
    }

    #[test]
    fn what_bash_says_at_its_start_is_no_answer() {
        let preload = ("LD_PRELOAD".into(), "/no/such/library.so".into());
        let mut session = Session::start(Path::new("/"), &[preload]).unwrap();
        assert_eq!(run(&mut session, "true").1, Ended::Status(0));
    }

    #[test]
    fn a_flood_ends() {
        let mut session = session();
        let ended = session.run("yes", SOON, |_| ());
        assert_eq!(ended.unwrap(), Ended::PrintedTooMuch);
        // A job that never stops printing does not keep its session busy.
        let (mut session, _jobs) = marked_session();
        assert_eq!(run(&mut session, "yes & sleep 0.01").1, Ended::Status(0));
        let ended = session.run("sleep 1000", Duration::from_millis(1), |_| ());
        assert_eq!(ended.unwrap(), Ended::TimedOut);
    }
}
