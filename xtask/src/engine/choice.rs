//! Which container engine runs the labs, and why.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::engine::programs;
use crate::report::outcome::EngineReport;
use crate::system::process::{self, which};

/// How long an engine may take to say who it is.
const ANSWER: Duration = Duration::from_secs(20);

/// A container engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The Docker CLI and its daemon.
    Docker,
    /// podman.
    Podman,
    /// labs/13-container-engine.
    Pocket,
}

impl Kind {
    /// All of them, in the order in which `auto` tries them.
    pub const ALL: [Kind; 3] = [Kind::Docker, Kind::Podman, Kind::Pocket];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Docker => "docker",
            Kind::Podman => "podman",
            Kind::Pocket => "pocket",
        }
    }
}

/// An engine that answered.
#[derive(Debug, Clone)]
pub struct Engine {
    /// Which one.
    pub kind: Kind,
    /// As it says itself.
    pub version: String,
    /// Why it was picked.
    pub why: String,
    /// The program that the shim hands over to.
    pub program: PathBuf,
}

impl Engine {
    /// The engine that was asked for, or else the first that works; or why there is none and what to do about it.
    pub fn choose(wanted: Option<Kind>) -> Result<Engine> {
        let Some(kind) = wanted else {
            return Engine::first();
        };
        let mut engine = Engine::probe(kind)?;
        engine.why = "as asked for".into();
        Ok(engine)
    }

    fn first() -> Result<Engine> {
        let mut reasons: Vec<String> = Vec::new();
        for kind in Kind::ALL {
            match Engine::probe(kind) {
                Ok(mut engine) => {
                    let last = match kind {
                        Kind::Docker => "its daemon answers",
                        Kind::Podman => "it works",
                        Kind::Pocket => "it needs neither",
                    };
                    reasons.push(last.into());
                    engine.why = reasons.join(", ");
                    return Ok(engine);
                }
                Err(error) if error.is::<crate::system::interrupt::Interrupted>() => {
                    return Err(error);
                }
                Err(error) if kind == Kind::Pocket => return Err(error),
                Err(error) => reasons.push(first_line(&error)),
            }
        }
        bail!("no engine")
    }

    /// Asks an engine whether it can run containers here.
    pub fn probe(kind: Kind) -> Result<Engine> {
        let (program, version) = match kind {
            Kind::Docker => docker()?,
            Kind::Podman => podman()?,
            Kind::Pocket => pocket()?,
        };
        Ok(Engine {
            kind,
            version,
            why: String::new(),
            program,
        })
    }

    /// What a report says of it.
    pub fn report(&self) -> EngineReport {
        EngineReport {
            kind: self.kind.name(),
            version: self.version.clone(),
            why: self.why.clone(),
            program: self.program.clone(),
        }
    }

    /// The first line of a run.
    pub fn describe(&self) -> String {
        format!("{} {} ({})", self.kind.name(), self.version, self.why)
    }

    /// Whether the engine still answers: tells a fault of the machine from a wrong result.
    pub fn answers(&self) -> bool {
        self.kind != Kind::Docker || Engine::probe(self.kind).is_ok()
    }
}

fn first_line(error: &anyhow::Error) -> String {
    error
        .to_string()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn docker() -> Result<(PathBuf, String)> {
    let Some(program) = which("docker") else {
        bail!(
            "docker is not installed\nInstall it (`apt-get install docker.io`), or use --engine pocket"
        );
    };
    let mut command = Command::new(&program);
    command.args([
        "version",
        "--format",
        "{{.Server.Version}} (client {{.Client.Version}})",
    ]);
    let output = process::run(&mut command, ANSWER)?;
    let version = output.stdout.trim();
    if !output.status.success() || version.is_empty() {
        bail!(
            "no docker daemon answers\nStart it (`systemctl start docker`, or `dockerd &` as root) or join the \
             docker group; --engine pocket needs none\n{}",
            output.stderr.trim()
        );
    }
    Ok((program, version.to_owned()))
}

fn podman() -> Result<(PathBuf, String)> {
    let Some(program) = which("podman") else {
        bail!(
            "podman is not installed\nInstall it (`apt-get install podman`), or use --engine pocket"
        );
    };
    let output = process::run(
        Command::new(&program).args(["info", "--format", "{{.Version.Version}}"]),
        ANSWER,
    )?;
    let version = output.stdout.trim();
    if !output.status.success() || version.is_empty() {
        bail!("podman does not work here\n{}", output.stderr.trim());
    }
    Ok((program, version.to_owned()))
}

fn pocket() -> Result<(PathBuf, String)> {
    let program = programs::pocket()?;
    let said = process::run(Command::new(&program).arg("--version"), ANSWER)?
        .success("pocket --version")?;
    let version = said
        .split_whitespace()
        .last()
        .unwrap_or_default()
        .to_owned();
    // A user who may not make namespaces is told so here, not in the middle of a chapter.
    if !nix::unistd::geteuid().is_root()
        && let Err(reason) = crate::system::machine::user_namespaces()
    {
        bail!("pocket cannot make user namespaces here\n{reason}");
    }
    Ok((program, version))
}
