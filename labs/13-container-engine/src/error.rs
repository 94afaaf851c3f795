//! What can go wrong, in Docker's words and with Docker's exit codes.

use std::fmt;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::signal::BadSignal;

/// The result of most functions here.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// A failure of a command, as its user sees it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// The engine refused: printed as `Error response from daemon: ...`. Exit code 1, for `run` 125.
    Daemon(String),
    /// There is no such container or image: the engine's words and codes, but callers decide by it.
    Missing(&'static str, String),
    /// The command line asked for something that the client itself refuses. Codes as above.
    Client(String),
    /// The command line could not be parsed: printed with the usage. The code is 125 or 1.
    Usage {
        message: String,
        hint: &'static str,
        command: &'static str,
        usage: &'static str,
        code: u8,
    },
    /// The container could not be started. Exit code 1, for `run` the one within.
    Start(StartError),
    /// Everything was said already; end with this code.
    Exit(u8),
}

/// Why PID 1 of a container did not come to be. It travels from the child to its monitor, and from
/// there to the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StartError {
    /// What `docker run` ends with: 127 not found, 126 not executable, 125 anything else.
    pub(crate) code: u8,
    /// What the daemon would say.
    pub(crate) message: String,
}

impl StartError {
    /// A fault of the engine or the machine, not of the command: 125.
    pub(crate) fn engine(message: impl Into<String>) -> Self {
        Self {
            code: 125,
            message: message.into(),
        }
    }
}

/// The engine's refusal, from a format string: `daemon!("No such container: {name}")`.
macro_rules! daemon {
    ($($arg:tt)*) => { $crate::error::Error::Daemon(format!($($arg)*)) };
}
/// The client's refusal, from a format string.
macro_rules! client {
    ($($arg:tt)*) => { $crate::error::Error::Client(format!($($arg)*)) };
}
pub(crate) use {client, daemon};

impl Error {
    /// No container has this name.
    pub(crate) fn no_container(name: &str) -> Self {
        Self::Missing("container", name.to_owned())
    }

    /// The engine's refusal with what it was asked to do before it: `Cannot kill container: web: No such ...`.
    pub(crate) fn within(self, what: &str) -> Self {
        match self {
            Self::Daemon(message) => daemon!("{what}: {message}"),
            Self::Missing(kind, name) => daemon!("{what}: No such {kind}: {name}"),
            other => other,
        }
    }

    /// The exit code of a command that fails with this.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Usage { code, .. } | Self::Exit(code) => *code,
            Self::Daemon(_) | Self::Missing(..) | Self::Client(_) | Self::Start(_) => 1,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Daemon(message) | Self::Start(StartError { message, .. }) => {
                write!(f, "Error response from daemon: {message}")
            }
            Self::Missing(kind, name) => {
                write!(f, "Error response from daemon: No such {kind}: {name}")
            }
            Self::Client(message) => write!(f, "{message}"),
            Self::Usage {
                message,
                hint,
                command,
                usage,
                ..
            } => write!(
                f,
                "{message}\n\nUsage:  docker {command}{usage}\n\n{hint} 'docker {command} --help' for more information"
            ),
            Self::Exit(_) => Ok(()),
        }
    }
}

impl From<StartError> for Error {
    fn from(error: StartError) -> Self {
        Self::Start(error)
    }
}

impl From<BadSignal> for Error {
    fn from(bad: BadSignal) -> Self {
        match bad {
            BadSignal::Invalid(text) => daemon!("Invalid signal: {text}"),
            BadSignal::Unsupported(number) => {
                daemon!("The linux daemon does not support signal {number}")
            }
        }
    }
}

/// Says what was being done when the system refused.
pub(crate) trait Context<T> {
    /// `what` reads as `cannot {what}`.
    fn context(self, what: &str) -> Result<T>;
    /// The same, about a file.
    fn at(self, what: &str, path: &Path) -> Result<T>;
}

impl<T, E: Into<io::Error>> Context<T> for std::result::Result<T, E> {
    fn context(self, what: &str) -> Result<T> {
        self.map_err(|error| daemon!("cannot {what}: {}", plain(error.into())))
    }
    fn at(self, what: &str, path: &Path) -> Result<T> {
        self.map_err(|error| daemon!("cannot {what} {}: {}", path.display(), plain(error.into())))
    }
}

/// An error of the system as C programs and Go programs print it: without `(os error N)`, and with a
/// small first letter.
pub(crate) fn plain(error: impl Into<io::Error>) -> String {
    let text = error.into().to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}
