//! One container under examination.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::command::{Engine, Output, SOON, wait};
use super::{cleanup, names};
use crate::trace::set::Sig;

/// A container of ours; dropping it removes it.
pub struct Container {
    engine: Engine,
    /// Its name.
    pub name: String,
    /// When the engine began to start it.
    pub began: Instant,
}

/// What is run.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// The image.
    pub image: String,
    /// The user's own options for `docker run`.
    pub options: Vec<String>,
    /// Ours: `--init`, `--stop-signal` ...
    pub more: Vec<String>,
    /// After the image.
    pub arguments: Vec<String>,
}

/// How a container ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ended {
    /// Its exit code.
    pub code: i32,
    /// Seconds from the request to the end.
    pub seconds: f64,
}

/// At most so many processes, where the engine can bound them: an image may fork without end.
const PIDS: &str = "--pids-limit=2048";

impl Container {
    /// `docker run -d`. The engine's own refusal is the inner error.
    pub fn run(engine: &Engine, purpose: &str, run: &Run) -> Result<Result<Container, Output>> {
        let name = names::name(purpose);
        let _permit = cleanup::permit()?;
        cleanup::container(&name);
        let container = Container {
            engine: engine.clone(),
            name,
            began: Instant::now(),
        };
        let mut arguments = vec!["run", "-d", "--name", &container.name];
        let bounded = run
            .options
            .iter()
            .any(|option| option.starts_with("--pids-limit"));
        if engine.name != "pocket" && !bounded {
            arguments.push(PIDS);
        }
        arguments.extend(run.options.iter().chain(&run.more).map(String::as_str));
        arguments.push(&run.image);
        arguments.extend(run.arguments.iter().map(String::as_str));
        let output = engine.call(arguments, SOON)?;
        match output.code {
            Some(0) => Ok(Ok(container)),
            _ => Ok(Err(output)),
        }
    }

    /// Is it running?
    pub fn running(&self) -> Result<bool> {
        let state = self
            .engine
            .done(["inspect", "--format", "{{.State.Running}}", &self.name])?;
        Ok(state.trim() == "true")
    }

    /// Sends a signal, and says whether the container was there to get it.
    pub fn kill(&self, signal: Sig) -> Result<bool> {
        let number = signal.0.to_string();
        Ok(self
            .engine
            .call(["kill", "-s", &number, &self.name], SOON)?
            .code
            == Some(0))
    }

    /// `docker stop`, with what grace period?
    pub fn stop(&self, grace: Duration) -> Result<Ended> {
        let began = Instant::now();
        let grace_text = grace.as_secs().to_string();
        self.engine
            .call(["stop", "-t", &grace_text, &self.name], SOON + grace)?;
        let seconds = began.elapsed().as_secs_f64();
        Ok(Ended {
            code: self.code()?,
            seconds,
        })
    }

    /// Waits for the container's end; `None` when it has not come within `bound`.
    pub fn wait(&self, bound: Duration) -> Result<Option<Ended>> {
        let began = Instant::now();
        let mut waiting = self.waiter()?;
        let ended = wait(&mut waiting, bound)?.is_some();
        let seconds = began.elapsed().as_secs_f64();
        let _ = waiting.kill();
        let _ = waiting.wait();
        match ended {
            true => Ok(Some(Ended {
                code: self.code()?,
                seconds,
            })),
            false => Ok(None),
        }
    }

    fn waiter(&self) -> Result<Child> {
        let mut command = self.engine.command(["wait", &self.name]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().context("cannot run the engine")
    }

    /// The exit code of a container that has ended.
    pub fn code(&self) -> Result<i32> {
        let code = self
            .engine
            .done(["inspect", "--format", "{{.State.ExitCode}}", &self.name])?;
        code.trim()
            .parse()
            .with_context(|| format!("{:?} is no exit code", code.trim()))
    }

    /// The last lines that it printed.
    pub fn logs(&self, lines: usize) -> Result<Vec<String>> {
        let output = self
            .engine
            .call(["logs", "--tail", &lines.to_string(), &self.name], SOON)?;
        let all = output.stdout.lines().chain(output.stderr.lines());
        Ok(all.map(str::to_owned).collect())
    }

    /// Follows what it prints, from its start.
    pub fn follow(&self) -> Result<Child> {
        let mut command = self.engine.command(["logs", "-f", &self.name]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().context("cannot run the engine")
    }

    /// Where a port of the container is published on this machine.
    pub fn published(&self, port: u16) -> Result<std::net::SocketAddr> {
        let output = self
            .engine
            .done(["port", &self.name, &format!("{port}/tcp")])?;
        let address = output
            .lines()
            .find_map(|line| line.trim().parse::<std::net::SocketAddr>().ok());
        let address = address
            .with_context(|| format!("port {port} is not published: {:?}", output.trim()))?;
        Ok(if address.ip().is_unspecified() {
            ([127, 0, 0, 1], address.port()).into()
        } else {
            address
        })
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        cleanup::remove(&self.engine, &self.name);
    }
}
