//! A copy of the fixture course, and the runner to try on it.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// A course of its own for one test.
pub struct Course {
    folder: TempDir,
}

/// What a run of the runner left.
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Asserts the exit status, and shows everything if it is another.
    #[track_caller]
    pub fn ends(self, status: i32) -> Run {
        assert_eq!(self.status, status, "\n{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that standard output or standard error has `text`.
    #[track_caller]
    pub fn says(self, text: &str) -> Run {
        assert!(
            self.mentions(text),
            "no {text:?} in\n{}\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Asserts that neither has `text`.
    #[track_caller]
    pub fn never_says(self, text: &str) -> Run {
        assert!(
            !self.mentions(text),
            "{text:?} in\n{}\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    fn mentions(&self, text: &str) -> bool {
        self.stdout.contains(text) || self.stderr.contains(text)
    }
}

/// Held by each test that runs 03-hang: a run sweeps up what an earlier one of the same lab left, in whatever copy of
/// the course.
pub fn the_lab_that_hangs() -> MutexGuard<'static, ()> {
    static LAB: Mutex<()> = Mutex::new(());
    LAB.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Course {
    pub fn new() -> Course {
        let folder = TempDir::new().unwrap();
        copy(&package().join("tests/course"), folder.path());
        Course { folder }
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// The runner, on this course, on the engine that needs nothing.
    pub fn xtask(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(launch::program_under_test("xtask"));
        command
            .arg("--root")
            .arg(self.folder.path())
            .args(arguments);
        command
            .env("LAB_ENGINE", "pocket")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        finish(&mut self.xtask(arguments))
    }

    /// Starts the runner and returns when it has printed a line that contains `text`.
    pub fn start_until(
        &self,
        arguments: &[&str],
        text: &str,
    ) -> (Child, BufReader<impl Read + use<>>) {
        let mut child = self
            .xtask(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert_ne!(
                output.read_line(&mut line).unwrap(),
                0,
                "the runner ended without {text:?}"
            );
        }
        (child, output)
    }

    /// The processes of a lab's session, its containers and its temporary files.
    pub fn leftovers(&self, lab: &str) -> Vec<String> {
        let mark = format!("TRAPPING_SIGNALS_SESSION=pocket/{lab}");
        // Another test may run the same lab of another copy of the course: the shim on PATH is this one's alone.
        let shim = self.path(&format!("target/xtask/pocket/{lab}/bin"));
        let path = format!("PATH={}:", shim.display());
        let marked = |path_of: &Path| {
            let environment = fs::read(path_of.join("environ")).unwrap_or_default();
            let mut entries = environment.split(|byte| *byte == 0);
            let ours = entries.any(|entry| entry.starts_with(path.as_bytes()));
            let mut entries = environment.split(|byte| *byte == 0);
            ours && entries.any(|entry| entry == mark.as_bytes())
        };
        let processes = fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| marked(path));
        let mut left: Vec<String> = processes.map(|path| path.display().to_string()).collect();
        let temporary = self.path(&format!("target/xtask/pocket/{lab}/tmp"));
        let files = fs::read_dir(temporary).into_iter().flatten().flatten();
        left.extend(files.map(|file| format!("file {}", file.path().display())));
        let shim = shim.join("docker");
        if shim.exists() {
            let state = self.path(&format!("target/xtask/pocket/{lab}/state"));
            let run = finish(
                Command::new(shim)
                    .args(["ps", "-aq"])
                    .env("POCKET_ROOT", state),
            )
            .ends(0);
            left.extend(run.stdout.lines().map(|id| format!("container {id}")));
        }
        left
    }
}

/// The folder of the package `xtask` of the checkout that is tested.
pub fn package() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").unwrap().into()
}

/// Runs a command to its end.
pub fn finish(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run {
        status: shell_status(output.status),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// Sends a signal to a process we started.
pub fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
}

/// Waits for the end and gives the status as a shell would.
pub fn wait(mut child: Child) -> i32 {
    shell_status(child.wait().unwrap())
}

fn shell_status(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap())
}

/// Copies a folder, but for what is built in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, name) = (entry.path(), entry.file_name());
        if [OsStr::new("target"), OsStr::new(".git")].contains(&name.as_os_str()) {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}
