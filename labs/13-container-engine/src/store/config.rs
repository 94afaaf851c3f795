//! What a container was asked to be: command line and image, put together.

use std::collections::BTreeMap;

use nix::libc;
use serde::{Deserialize, Serialize};

use crate::signal;
use crate::store::image;
use crate::time::Nanos;

/// A published port: `-p IP:HOST:CONTAINER`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Port {
    pub(crate) ip: std::net::Ipv4Addr,
    /// 0: any free one.
    pub(crate) host: u16,
    pub(crate) container: u16,
}

/// When to start again after the end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Restart {
    /// Never.
    #[default]
    No,
    /// After an exit code other than 0, at most so many times; 0 is no limit.
    OnFailure(u32),
    /// Until a user stops it.
    Always,
    /// As `Always`: without a daemon there is no daemon's restart to tell them apart.
    UnlessStopped,
}

/// What a user asked for, completed by what the image says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Config {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created: Nanos,
    /// As given on the command line.
    pub(crate) image: String,
    pub(crate) image_id: String,
    pub(crate) entrypoint: Option<Vec<String>>,
    pub(crate) cmd: Option<Vec<String>>,
    pub(crate) env: Vec<String>,
    pub(crate) workdir: String,
    pub(crate) user: String,
    pub(crate) hostname: String,
    pub(crate) stop_signal: Option<String>,
    /// Seconds between the stop signal and SIGKILL; below 0 for ever.
    pub(crate) stop_timeout: Option<i64>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) exposed: Vec<String>,
    pub(crate) ports: Vec<Port>,
    pub(crate) tty: bool,
    pub(crate) open_stdin: bool,
    pub(crate) attached: bool,
    /// The container whose pid namespace it lives in, if that is not its own.
    pub(crate) pid: Option<String>,
    /// Capabilities beside those that every container has: `CAP_SYS_PTRACE`, or `ALL`.
    #[serde(default)]
    pub(crate) cap_add: Vec<String>,
    pub(crate) auto_remove: bool,
    pub(crate) init: Option<bool>,
    pub(crate) restart: Restart,
}

impl Config {
    /// The whole command: ENTRYPOINT, then CMD.
    pub(crate) fn argv(&self) -> Vec<String> {
        let both = [&self.entrypoint, &self.cmd];
        both.into_iter().flatten().flatten().cloned().collect()
    }

    /// Whether a signal that a user sends says that the next end is wanted, so that the restart
    /// policy is silent. Docker takes any signal so, unless the container names its stop signal.
    pub(crate) fn forbids_restart(&self, number: i32) -> bool {
        let stop = self.stop_signal.as_deref().map(signal::parse);
        number == libc::SIGKILL || stop.is_none_or(|stop| stop == Ok(number))
    }

    /// What a process finds in its environment: PATH, HOSTNAME, TERM, then the rest.
    pub(crate) fn environment(&self) -> Vec<String> {
        let mut all = vec![
            format!("PATH={}", image::PATH),
            format!("HOSTNAME={}", self.hostname),
        ];
        if self.tty {
            all.push("TERM=xterm".to_owned());
        }
        for text in &self.env {
            match text.split_once('=') {
                Some((name, value)) => image::set_env(&mut all, name, value),
                // `-e NAME` of a variable that its client did not have.
                None => all.retain(|old| old.split('=').next() != Some(text)),
            }
        }
        all
    }
}
