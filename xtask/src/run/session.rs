//! One bash process: runs a chapter's commands in order, with one state, as a reader's prompt would.

use std::ffi::OsString;
use std::io::{PipeReader, PipeWriter, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::errno::Errno;

use crate::run::bash;
use crate::run::driver::{self, Answer};
use crate::system::print::complain;
use crate::system::process::shell_status;
use crate::system::wait::{Until, pidfd, wait};

/// How long bash may take to start.
const START: Duration = Duration::from_secs(60);

/// How much one command may print, in bytes: the runner keeps all of it.
pub const LIMIT: usize = 16 << 20;

/// What a pipe holds (pipe(7)), in bytes.
const PIPE: usize = 64 << 10;

/// Whom we listen to. The end of bash is told by its pidfd and not by the end of a pipe: `exec >FILE` closes one while
/// the process lives, and a job in the background may hold one when bash is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Answers,
    Output,
    End,
}

/// What came of listening to bash.
enum Heard {
    /// What it said.
    Answer(Vec<u8>),
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
    /// Both ends of both pipes are ours; bash opens the others by name.
    commands: (PipeReader, PipeWriter),
    answers: (PipeReader, PipeWriter),
    output: PipeReader,
    before: Option<Answer>,
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
        let commands = std::io::pipe().context("cannot make a pipe")?;
        let answers = std::io::pipe().context("cannot make a pipe")?;
        let script = driver::script(commands.0.as_fd(), answers.1.as_fd());
        let (bash, output) = bash::start(&script, folder, environment)?;
        let pidfd = pidfd(&bash)?;
        let mut session = Session {
            bash,
            pidfd,
            commands,
            answers,
            output,
            before: None,
        };
        session.begin()?;
        Ok(session)
    }

    /// Waits until bash takes commands. What it says before that is no command's: of a library that LD_PRELOAD names and
    /// that is not there, of a locale that is not there.
    fn begin(&mut self) -> Result<()> {
        let mut said = Vec::new();
        let heard = self.listen(Until::within(START), |bytes| said.extend_from_slice(bytes))?;
        let said = String::from_utf8_lossy(&said);
        match heard {
            Heard::Answer(_) if said.is_empty() => Ok(()),
            Heard::Answer(_) => {
                complain(&format!("warning: bash says: {}\n", said.trim_end()));
                Ok(())
            }
            Heard::End(status) => {
                bail!("bash ended with exit status {status} before its first command\n{said}")
            }
            Heard::Nothing | Heard::TooMuch => bail!("bash does not start\n{said}"),
        }
    }

    /// Runs one command; `sink` gets its output as it comes. An interrupt is an error.
    pub fn run(
        &mut self,
        command: &str,
        deadline: Duration,
        sink: impl FnMut(&[u8]),
    ) -> Result<Ended> {
        let text = driver::command(command, self.before.as_ref());
        // If bash is gone nobody reads it, which its pidfd will tell.
        self.commands.1.write_all(text.as_bytes())?;
        match self.listen(Until::within(deadline), sink)? {
            Heard::Answer(bytes) => {
                let answer = Answer::parse(&bytes)?;
                let status = answer.status;
                self.before = Some(answer);
                Ok(Ended::Status(status))
            }
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

    /// Listens for an answer. Until then `sink` gets what the commands print.
    fn listen(&mut self, until: Until<'_>, mut sink: impl FnMut(&[u8])) -> Result<Heard> {
        let mut answer = Vec::new();
        let mut printed = 0;
        let mut open = vec![Source::Answers, Source::Output, Source::End];
        loop {
            let watched: Vec<_> = open
                .iter()
                .map(|source| match source {
                    Source::Answers => (Source::Answers, self.answers.0.as_fd()),
                    Source::Output => (Source::Output, self.output.as_fd()),
                    Source::End => (Source::End, self.pidfd.as_fd()),
                })
                .collect();
            let Some(ready) = wait(&watched, until)? else {
                return Ok(Heard::Nothing);
            };
            if ready.contains(&Source::Answers) {
                let mut bytes = [0; 4096];
                let read = nix::unistd::read(&self.answers.0, &mut bytes);
                answer.extend_from_slice(&bytes[..read.context("read from bash")?]);
                if driver::is_whole(&answer) {
                    self.rest(&mut sink)?;
                    return Ok(Heard::Answer(answer));
                }
            } else if ready.contains(&Source::End) {
                // Before the output: a job may hold that open, and print for ever, when bash is gone.
                self.rest(&mut sink)?;
                let status = self.bash.wait().context("cannot wait for bash")?;
                return Ok(Heard::End(shell_status(status)));
            } else {
                match self.read_output(&mut sink)? {
                    Some(0) => open.retain(|source| *source != Source::Output),
                    Some(read) => printed += read,
                    None => {}
                }
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

    /// All that a reader can look at, command by command, beside a bash that was told the same from a script.
    #[test]
    fn a_reader_sees_what_a_plain_bash_shows() {
        let commands = [
            "echo \"$# $- $0 $_\" | sed s:/.*/::",
            "false | (exit 3) | true",
            "echo $? ${PIPESTATUS[@]}",
            "true a 'b c'",
            "echo \"$_\"",
            "(exit 7)",
            "echo $?",
            "f() { return 5; }; f",
            "echo $? ${PIPESTATUS[@]}",
            "set -o pipefail; (exit 4) | true",
            "echo $? ${PIPESTATUS[@]}; set +o pipefail",
            "! false",
            "echo $?",
            "ls /proc/self/fd | wc -l",
            "cd /proc/$$/fd; echo *; cd /",
            "exec {fd}>/dev/null; echo $fd",
            "exec 8>/dev/null 9>/dev/null 10>/dev/null 11>/dev/null",
            "echo 8 >&8; echo 9 >&9; echo 10 >&10; echo 11 >&11; ls /proc/$$/fd",
            "exec 8>&- 9>&- 10>&- 11>&-",
            "declare -F; declare -f f",
            "trap -p; trap 'echo ended' EXIT; trap -p",
            "trap 'echo failed' ERR",
            "(exit 6)",
            "echo $?",
            "trap - ERR",
            "alias; jobs; history",
            "set -o; shopt",
            "compgen -v",
            "set | grep -e '^__' -e '/fd/'; export -p | grep -e __ -e /fd/",
            "x=1; readonly x; unset -v x",
            "echo $? $x; echo ${BASH_SUBSHELL} ${#FUNCNAME[@]} ${#BASH_SOURCE[@]}",
            "set -u; echo ${PIPESTATUS[0]}; set +u",
            "printf() { echo mine; }; read() { echo mine; }; eval() { echo mine; }",
            "printf; unset -f printf read eval",
            "set -e; false || true; ! true",
            "echo $?",
            "false | true",
            "exit 9",
        ];
        let hidden = "unset -v BASH_EXECUTION_STRING; set -m; : \"$BASH\"";
        let script = format!("{hidden}\n{}\n", commands.join("\n"));
        let mut plain = std::process::Command::new("bash");
        plain.args(["--noprofile", "--norc", "-c", &script, "bash"]);
        plain.env_remove("BASH_ENV").env_remove("ENV");
        let output = crate::system::process::run(&mut plain, SOON).unwrap();
        let wanted = format!("{}{}", output.stdout, output.stderr);
        let mut session = Session::start(Path::new("."), &[]).unwrap();
        let mut seen = String::new();
        let mut how = Ended::Status(0);
        for command in commands {
            let (text, ended) = run(&mut session, command);
            seen.push_str(&text);
            how = ended;
        }
        // Each command of a session is one text to bash, and begins with line 1.
        let wanted = (1..commands.len() + 2).fold(wanted, |text, number| {
            text.replace(&format!("bash: line {number}: "), "bash: line 1: ")
        });
        let sorted = |text: &str| {
            // A plain bash's two outputs come apart here.
            let mut lines: Vec<&str> = text.lines().collect();
            lines.sort_unstable();
            lines.join("\n")
        };
        let (seen, wanted) = (sorted(&seen), sorted(&wanted));
        let difference = crate::chapter::matching::diff(&seen, &wanted).unwrap();
        assert!(seen == wanted, "{difference}");
        assert_eq!(how, Ended::Exited(9));
    }

    #[test]
    fn what_set_x_shows_is_the_readers() {
        let mut session = session();
        assert_eq!(
            run(&mut session, "set -x"),
            (String::new(), Ended::Status(0))
        );
        let (output, ended) = run(&mut session, "echo a; false");
        assert_eq!(output, "++ echo a\na\n++ false\n");
        assert_eq!(ended, Ended::Status(1));
        assert_eq!(run(&mut session, "echo $?").0, "++ echo 1\n1\n");
        assert_eq!(run(&mut session, "set +x").0, "++ set +x\n");
        assert_eq!(run(&mut session, "echo b").0, "b\n");
    }

    #[test]
    fn a_syntax_error_is_one_commands() {
        let mut session = session();
        assert_eq!(run(&mut session, "if )").1, Ended::Status(2));
        assert_eq!(run(&mut session, "echo $?").0, "2\n");
        assert_eq!(run(&mut session, "cat <<x\nopen").1, Ended::Status(0));
        assert_eq!(run(&mut session, "echo here").0, "here\n");
    }
}
