//! The engine's program: where it is, what it is, and how it is called.

use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{clients, names};

/// Long enough for anything that an engine does at once, on a loaded machine.
pub const SOON: Duration = Duration::from_secs(120);

/// docker, podman or pocket.
#[derive(Debug, Clone)]
pub struct Engine {
    program: PathBuf,
    /// What it calls itself: docker, podman or pocket.
    pub name: String,
    /// The version of what runs the containers.
    pub version: String,
}

/// What a command of the engine's printed, and how it ended.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its exit status; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// What it said last, for an error.
    pub fn complaint(&self) -> &str {
        let said = if self.stderr.trim().is_empty() {
            &self.stdout
        } else {
            &self.stderr
        };
        said.trim()
    }
}

impl Engine {
    /// The engine that was asked for, or the first of docker, podman and pocket on PATH; asks it for its version.
    pub fn find(wanted: Option<&Path>) -> Result<Engine> {
        let program = match wanted {
            Some(program) => program.to_owned(),
            None => {
                let path = std::env::var_os("PATH").unwrap_or_default();
                let on_path = |name: &&str| {
                    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
                };
                let found = ["docker", "podman", "pocket"].into_iter().find(on_path);
                found
                    .context(
                        "neither docker nor podman nor pocket is on PATH; name one with --engine",
                    )?
                    .into()
            }
        };
        let mut engine = Engine {
            program,
            name: String::new(),
            version: String::new(),
        };
        let shown = engine.call(["--version"], SOON)?;
        let said = shown.stdout.to_ascii_lowercase();
        let name = ["podman", "pocket"]
            .into_iter()
            .find(|name| said.contains(name))
            .unwrap_or("docker");
        name.clone_into(&mut engine.name);
        let field = if name == "podman" {
            "{{.Client.Version}}"
        } else {
            "{{.Server.Version}}"
        };
        let output = engine.call(["version", "--format", field], SOON)?;
        if output.code != Some(0) {
            let program = engine.program.display();
            bail!(
                "{program} does not answer: {}\nIs its daemon running, and may you use it?",
                output.complaint()
            );
        }
        output.stdout.trim().clone_into(&mut engine.version);
        Ok(engine)
    }

    /// Tells one engine from another: its program, and where its daemon is.
    pub fn identity(&self) -> String {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path)
            .map(|folder| folder.join(&self.program))
            .find(|path| path.is_file());
        let program = found.unwrap_or_else(|| self.program.clone());
        let host = std::env::var("DOCKER_HOST").unwrap_or_default();
        format!("{} {host}", program.display())
    }

    /// A command of the engine's, to be started by the caller. It bears our mark, by which it is known when we were
    /// killed and it lives on, and has a process group of its own: Ctrl-C is for us, and a client that dies of it in the
    /// middle of its work leaves things half done.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .env(clients::MARK, names::run())
            .process_group(0);
        command
    }

    /// Runs a command to its end, or ends it when `bound` is over.
    pub fn call<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
        bound: Duration,
    ) -> Result<Output> {
        self.finish(self.command(arguments), bound)
    }

    /// Like `call`, for what may take long and leaves nothing half done: Ctrl-C ends it, too.
    pub fn call_interruptibly<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
        bound: Duration,
    ) -> Result<Output> {
        let mut command = self.command(arguments);
        // Where Ctrl-C goes: our own group. (0 would be a group of its own; nix has no word for "the caller's".)
        command.process_group(nix::unistd::getpgrp().as_raw());
        self.finish(command, bound)
    }

    fn finish(&self, mut command: Command, bound: Duration) -> Result<Output> {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let shown = format!("{command:?}").replace('"', "");
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot run {}", self.program.display()))?;
        let (stdout, stderr) = (collect(child.stdout.take()), collect(child.stderr.take()));
        let status = wait(&mut child, bound).context("cannot wait for the engine")?;
        let Some(status) = status else {
            let _ = child.kill();
            let _ = child.wait();
            bail!("{shown} has not ended within {} seconds", bound.as_secs());
        };
        let text =
            |receiver: mpsc::Receiver<String>| receiver.recv_timeout(SOON).unwrap_or_default();
        Ok(Output {
            code: status.code(),
            stdout: text(stdout),
            stderr: text(stderr),
        })
    }

    /// Like `call`, and an error when it does not end with 0.
    pub fn done<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Result<String> {
        let output = self.call(arguments, SOON)?;
        match output.code {
            Some(0) => Ok(output.stdout),
            _ => bail!("{}: {}", self.name, output.complaint()),
        }
    }
}

/// Waits for a child's end by its pidfd (pidfd_open(2)), at most as long as `bound`.
pub fn wait(child: &mut Child, bound: Duration) -> Result<Option<std::process::ExitStatus>> {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::os::fd::AsFd;
    let pid = rustix::process::Pid::from_child(child);
    let Ok(pidfd) = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) else {
        return Ok(Some(child.wait()?)); // before Linux 5.3
    };
    let until = std::time::Instant::now() + bound;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let left = until.saturating_duration_since(std::time::Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        let timeout =
            PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
        let _ = poll(
            &mut [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)],
            timeout,
        ); // EINTR: look again
    }
}

/// The most that is kept of what one command prints.
const KEPT: u64 = 1 << 20;

/// Reads an output to its end, in a thread of its own, and keeps the beginning.
fn collect(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = (&mut pipe).take(KEPT).read_to_end(&mut bytes);
            let _ = std::io::copy(&mut pipe, &mut std::io::sink());
        }
        sender.send(String::from_utf8_lossy(&bytes).into_owned())
    });
    receiver
}
