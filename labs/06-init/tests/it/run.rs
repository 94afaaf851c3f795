//! Runs an init with a command, talks to both, and waits for nothing longer than a deadline.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use lab_06_init::processes::{self, Process, descendants};
use nix::errno::Errno;
use nix::libc;
use nix::unistd::Pid;

/// Far longer than anything here takes, on a busy machine too.
const DEADLINE: Duration = Duration::from_secs(180);

/// The program under test.
pub fn ours() -> PathBuf {
    launch::program_under_test("06-init")
}

/// A program of the machine; `None`, and a word about it, where it is not installed.
pub fn installed(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|it| it.is_file());
    if found.is_none() {
        let denied = env::var_os("TRAPPING_SIGNALS_DENY_SKIP").is_some_and(|value| value == "1");
        assert!(!denied, "{name} is not installed");
        eprintln!("skipped: {name} is not installed (apt-get install {name})");
    }
    found
}

/// An init that runs, or has run.
pub struct Run {
    child: Child,
    lines: Receiver<String>,
    errors: Receiver<String>,
    /// Whom to kill in the end, also if the init has left them behind.
    family: Vec<Pid>,
}

/// What is left when an init has ended.
#[derive(Debug, PartialEq, Eq)]
pub struct End {
    pub code: i32,
    /// What was printed and not read yet.
    pub output: Vec<String>,
    /// What was written to stderr.
    pub errors: String,
}

impl Run {
    /// Starts `init`, words separated by blanks, with the lab's programs on PATH.
    pub fn start(init: &Path, words: &[&str]) -> Run {
        Run::start_with(Command::new(init).args(words))
    }

    /// The same, for a command with more to it.
    pub fn start_with(command: &mut Command) -> Run {
        let ours = ours();
        let programs = ours.parent().expect("a folder");
        let path = env::var("PATH").expect("a PATH");
        let mut child = command
            .env("PATH", format!("{}:{path}", programs.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("starts");
        let lines = lines(child.stdout.take().expect("piped"));
        let mut stderr = child.stderr.take().expect("piped");
        let (error, errors) = mpsc::channel();
        thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            error.send(text)
        });
        Run {
            child,
            lines,
            errors,
            family: Vec::new(),
        }
    }

    /// The init's number.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// The next line of output.
    pub fn line(&mut self) -> String {
        let line = self
            .lines
            .recv_timeout(DEADLINE)
            .expect("a line before the deadline");
        let family = descendants(self.pid());
        self.family.extend(family.iter().map(|process| process.pid));
        line
    }

    /// Signals the init.
    pub fn send(&self, signal: i32) {
        send(self.pid(), signal);
    }

    /// Writes a line to the command's stdin.
    pub fn say(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().expect("piped");
        writeln!(stdin, "{line}").expect("somebody reads");
    }

    /// Waits until the init is in a state, such as 'T' for stopped.
    pub fn until_state(&self, state: char) {
        until(|| processes::find(self.pid().as_raw()).is_some_and(|it| it.state == state));
    }

    /// The first process below the init with this name.
    pub fn find(&self, name: &str) -> Option<Process> {
        descendants(self.pid())
            .into_iter()
            .find(|process| process.name == name)
    }

    /// Waits for the init's end, and returns its exit code as a shell shows it.
    pub fn wait(&mut self) -> i32 {
        until(|| self.child.try_wait().expect("our child").is_some());
        let status = self.child.wait().expect("our child");
        status
            .code()
            .or(status.signal().map(|signal| 128 + signal))
            .expect("it has ended")
    }

    /// Waits for the init's end, and kills what it has left behind.
    pub fn end(mut self) -> End {
        let code = self.wait();
        self.kill_family();
        let output = self.lines.iter().collect();
        let errors = self
            .errors
            .recv_timeout(DEADLINE)
            .expect("nobody holds stderr");
        End {
            code,
            output,
            errors,
        }
    }

    fn kill_family(&mut self) {
        for pid in self.family.drain(..) {
            // Numbers are given out again: look who it is.
            if processes::find(pid.as_raw())
                .is_some_and(|it| it.name.starts_with("06-") || it.name == "sh")
            {
                send(pid, libc::SIGKILL);
            }
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let family = descendants(self.pid());
        self.family.extend(family.iter().map(|process| process.pid));
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.kill_family();
    }
}

/// What somebody prints, line by line, so that one can wait for it with a deadline.
pub fn lines(output: impl Read + Send + 'static) -> Receiver<String> {
    let (line, lines) = mpsc::channel();
    let output = BufReader::new(output);
    thread::spawn(move || {
        output
            .lines()
            .map_while(Result::ok)
            .try_for_each(|it| line.send(it))
    });
    lines
}

/// The next line.
pub fn next(lines: &Receiver<String>) -> String {
    lines
        .recv_timeout(DEADLINE)
        .expect("a line before the deadline")
}

/// Waits for a condition.
pub fn until(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < DEADLINE, "the deadline has passed");
        let _ = nix::poll::poll(&mut [], nix::poll::PollTimeout::from(1_u8));
    }
}

/// kill(2), for every signal there is.
pub fn send(pid: Pid, signal: i32) {
    // SAFETY: two numbers.
    #[allow(unsafe_code)]
    let _ = Errno::result(unsafe { libc::kill(pid.as_raw(), signal) });
}
