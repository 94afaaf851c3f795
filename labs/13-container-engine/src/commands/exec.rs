//! `exec`: one more process in a running container.
//!
//! It gets a small monitor of its own: [`crate::monitor::session`].

use std::ops::RangeInclusive;

use crate::cli::command::Command;
use crate::cli::flag::{Flag, read, switch, text};
use crate::client::relay::{self, End, Options, Signals};
use crate::commands::shared::attached::{detach_keys, detach_keys_flag, left_by_keys};
use crate::commands::shared::environment::{self, read_env};
use crate::error::{Context, Error, Result, StartError, client, daemon};
use crate::monitor::channel::{Decoder, FromMonitor, Wants};
use crate::monitor::session::Session;
use crate::pid1::process::Process;
use crate::store::container::Container;
use crate::store::disk::{Store, new_id};
use crate::store::events;
use crate::store::image;

/// `docker exec`.
#[derive(Debug, Default)]
pub(crate) struct Exec {
    detach: bool,
    detach_keys: Option<String>,
    env: Vec<String>,
    interactive: bool,
    tty: bool,
    user: Option<String>,
    workdir: Option<String>,
}

impl Command for Exec {
    const NAME: &'static str = "exec";
    const USAGE: &'static str = " [OPTIONS] CONTAINER COMMAND [ARG...]";
    const ABOUT: &'static str = "Execute a command in a running container";
    const ARGUMENTS: RangeInclusive<usize> = 2..=usize::MAX;
    const PASSES_ON: bool = true;
    const LACKS: &'static [&'static str] = &["env-file", "privileged"];

    fn flags() -> Vec<Flag<Self>> {
        vec![
            switch(
                Some('d'),
                "detach",
                "Detached mode: run command in the background",
                |flags: &mut Self| &mut flags.detach,
            ),
            detach_keys_flag(|flags: &mut Self| &mut flags.detach_keys),
            read(
                Some('e'),
                "env",
                "Set environment variables",
                |flags: &mut Self, text| read_env(&mut flags.env, text),
            ),
            switch(
                Some('i'),
                "interactive",
                "Keep STDIN open even if not attached",
                |flags: &mut Self| &mut flags.interactive,
            ),
            switch(
                Some('t'),
                "tty",
                "Allocate a pseudo-TTY",
                |flags: &mut Self| &mut flags.tty,
            ),
            text(
                Some('u'),
                "user",
                "Username or UID (format: \"<name|uid>[:<group|gid>]\")",
                |flags: &mut Self| &mut flags.user,
            ),
            text(
                Some('w'),
                "workdir",
                "Working directory inside the container",
                |flags: &mut Self| &mut flags.workdir,
            ),
        ]
    }

    fn run(self, args: &[String]) -> Result<u8> {
        let store = Store::open()?;
        let container = Container::find(&store, &args[0])?;
        self.exec(&store, &container, args)
    }
}

impl Exec {
    fn exec(&self, store: &Store, container: &Container, args: &[String]) -> Result<u8> {
        let (state, _pid1) = container.running()?;
        if !self.detach {
            relay::check_terminal(self.interactive, self.tty)?;
        }
        let config = &container.config;
        let mut env = config.environment();
        if self.tty {
            image::set_env(&mut env, "TERM", "xterm");
        }
        environment::apply(&mut env, &self.env);
        let workdir = self
            .workdir
            .clone()
            .unwrap_or_else(|| config.workdir.clone());
        if !workdir.is_empty() && !workdir.starts_with('/') {
            return fail(&StartError::engine(
                "OCI runtime exec failed: exec failed: Cwd must be an absolute path: unknown",
            ));
        }
        let process = Process {
            argv: args[1..].to_vec(),
            env,
            workdir: if workdir.is_empty() {
                "/".into()
            } else {
                workdir
            },
            user: self.user.clone().unwrap_or_else(|| config.user.clone()),
            cap_add: config.cap_add.clone(),
            init: false,
        };
        let id = new_id()?;
        let text = args[1..].join(" ");
        let record = |action: &str| {
            events::record(
                store,
                config,
                &format!("{action}: {text} "),
                &[("execID", id.clone())],
            );
        };
        record("exec_create");
        record("exec_start");
        let options = Options {
            stdin: self.interactive,
            tty: self.tty,
            signals: Signals::Leave,
            detach_keys: detach_keys(self.detach_keys.as_deref())?,
        };
        let signals = relay::hold_signals(&options)?;
        // Opened now: in the container's file system there is no such file.
        let file = events::open(store);
        let session = Session {
            name: &config.name,
            pid1: state.pid,
            process,
            tty: self.tty,
            wants: match self.detach {
                true => Wants {
                    start: true,
                    ..Wants::default()
                },
                false => options.wants(),
            },
        };
        let socket = session.launch(|code| {
            let more = [("execID", id.clone()), ("exitCode", code.to_string())];
            let _ = file
                .as_ref()
                .map(|file| events::record_to(file, config, "exec_die", &more));
        })?;
        let mut decoder = Decoder::default();
        let ended = if self.detach {
            // Whether it could be started at all is the one thing to wait for.
            match decoder.wait(&socket).context("hear from the monitor")? {
                // Nobody reads the stream of the command: it is the daemon who says so.
                Some(FromMonitor::Failed(error)) => {
                    return Err(daemon!("{}", as_docker_says(&error)));
                }
                Some(_) => Ok(End::Detached),
                None => return Err(client!("the monitor is gone")),
            }
        } else {
            relay::run(&socket, decoder, &signals, options)
        };
        match ended {
            Err(Error::Start(error)) => fail(&error),
            ended => left_by_keys(ended?),
        }
    }
}

/// Docker's daemon writes the runtime's error into the stream of the command that never began, and
/// the code is 126 whatever the reason was.
fn fail(error: &StartError) -> Result<u8> {
    use std::io::Write;
    let text = format!("{}\r\n", as_docker_says(error));
    let _ = std::io::stdout().write_all(text.as_bytes());
    Err(Error::Exit(126))
}

fn as_docker_says(error: &StartError) -> String {
    match error.code {
        125 => error.message.clone(),
        _ => format!(
            "OCI runtime exec failed: exec failed: unable to start container process: {}: unknown",
            error.message
        ),
    }
}
