//! Runs one command to its end: output collected, deadline kept, Ctrl-C obeyed.

use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::system::wait::{Until, pidfd, wait};

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
    start(command.stdin(Stdio::null()), Until::within(deadline))
}

/// Like [`run`], but an interrupt does not stop it: for what has to be done after one.
pub fn run_to_end(command: &mut Command, deadline: Duration) -> Result<Output> {
    start(command.stdin(Stdio::null()), Until::in_any_case(deadline))
}

fn start(command: &mut Command, until: Until<'_>) -> Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    // A process group of its own: Ctrl-C reaches it through us, and the whole group can be ended.
    command
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot run {name}"))?;
    match collect(&mut child, &name, until) {
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

/// What is waited for. Neither the end of the outputs tells the end of the process (it may close them and go on), nor
/// the other way round (what it has started may have more to say).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Out,
    Err,
    End,
}

fn collect(child: &mut Child, name: &str, until: Until<'_>) -> Result<Output> {
    let ended = pidfd(child)?;
    let mut out = child.stdout.take().context("stdout is piped")?;
    let mut err = child.stderr.take().context("stderr is piped")?;
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut open = vec![Source::Out, Source::Err, Source::End];
    while !open.is_empty() {
        let watched: Vec<_> = open
            .iter()
            .map(|source| match source {
                Source::Out => (Source::Out, out.as_fd()),
                Source::Err => (Source::Err, err.as_fd()),
                Source::End => (Source::End, ended.as_fd()),
            })
            .collect();
        let Some(ready) = wait(&watched, until)? else {
            bail!("{name} did not end in time");
        };
        for source in ready {
            let goes_on = match source {
                Source::Out => append(&mut out, &mut stdout)?,
                Source::Err => append(&mut err, &mut stderr)?,
                Source::End => false,
            };
            if !goes_on {
                open.retain(|other| *other != source);
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::interrupt::{Interrupt, Interrupted};
    use std::time::Instant;

    fn bash(script: &str) -> Command {
        let mut command = Command::new("bash");
        command.args(["-c", script]).stdin(Stdio::null());
        command
    }

    /// Says its number to the file `pid`, closes both its outputs and stays.
    fn mute(folder: &std::path::Path) -> Command {
        let mut command = bash("echo $$ >pid.new; mv pid.new pid; exec sleep 1000 >&- 2>&-");
        command.current_dir(folder);
        command
    }

    /// A process that was killed and waited for is nowhere.
    fn is_gone(folder: &std::path::Path) -> bool {
        let pid = std::fs::read_to_string(folder.join("pid")).unwrap();
        !std::path::Path::new("/proc").join(pid.trim()).exists()
    }

    #[test]
    fn both_outputs_and_the_status_are_collected() {
        let mut command = bash("echo out; echo err >&2; exit 7");
        let output = run(&mut command, Duration::from_secs(60)).unwrap();
        assert_eq!(
            (output.stdout.as_str(), output.stderr.as_str()),
            ("out\n", "err\n")
        );
        assert_eq!(shell_status(output.status), 7);
        let error = output.success("it").unwrap_err().to_string();
        assert!(error.contains("it failed") && error.contains("out\nerr"));
        let killed = run(&mut bash("kill -TERM $$"), Duration::from_secs(60)).unwrap();
        assert_eq!(shell_status(killed.status), 143);
    }

    #[test]
    fn much_on_one_output_does_not_stop_the_other() {
        let mut command = bash("head -c 300000 /dev/zero >&2; echo out");
        let output = run(&mut command, Duration::from_secs(60)).unwrap();
        assert_eq!((output.stderr.len(), output.stdout.len()), (300_000, 4));
    }

    #[test]
    fn what_a_job_prints_after_its_shell_has_ended_is_collected() {
        let script = "exec 3> >(cat; echo late); exit 3";
        let output = run(&mut bash(script), Duration::from_secs(60)).unwrap();
        assert_eq!(
            (shell_status(output.status), output.stdout.as_str()),
            (3, "late\n")
        );
    }

    #[test]
    fn a_deadline_holds_for_a_command_that_has_closed_its_outputs() {
        let folder = tempfile::tempdir().unwrap();
        // Time to start in, on a loaded machine; the deadline itself is what the test waits for.
        let error = run(&mut mute(folder.path()), Duration::from_secs(3)).unwrap_err();
        assert_eq!(error.to_string(), "bash did not end in time");
        assert!(is_gone(folder.path()));
    }

    #[test]
    fn an_interrupt_is_heard_by_a_command_that_has_closed_its_outputs() {
        let folder = tempfile::tempdir().unwrap();
        let interrupt = Interrupt::new().unwrap();
        let started = Instant::now();
        std::thread::scope(|scope| {
            let run = scope.spawn(|| {
                start(
                    &mut mute(folder.path()),
                    Until::given(None, Some(&interrupt)),
                )
            });
            while !folder.path().join("pid").exists() {
                assert!(started.elapsed() < Duration::from_secs(60));
                std::thread::yield_now();
            }
            interrupt.trigger(130);
            let error = run.join().unwrap().unwrap_err();
            assert!(error.is::<Interrupted>(), "{error:#}");
        });
        assert!(is_gone(folder.path()));
    }

    #[test]
    fn the_whole_group_goes() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = bash("sleep 1000 & echo $! >pid; wait");
        command.current_dir(folder.path());
        run(&mut command, Duration::from_secs(2)).unwrap_err();
        // Its new parent reaps it, soon.
        let started = Instant::now();
        let pid = std::fs::read_to_string(folder.path().join("pid")).unwrap();
        let state = format!("/proc/{}/stat", pid.trim());
        while std::fs::read_to_string(&state).is_ok_and(|stat| !stat.contains(") Z ")) {
            assert!(started.elapsed() < Duration::from_secs(60), "{pid} lives");
            std::thread::yield_now();
        }
    }

    #[test]
    fn programs_are_found_on_path() {
        assert!(which("bash").is_some());
        assert_eq!(which("no-such-program-at-all"), None);
    }
}
