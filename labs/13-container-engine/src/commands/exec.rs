//! `exec`: one more process in a running container.
//!
//! It gets a small monitor of its own, so that it survives its client as it does with Docker. It has
//! no place on disk: when it ends, nothing is left.

use std::ops::RangeInclusive;
use std::os::unix::net::UnixStream;

use nix::unistd::{ForkResult, fork, geteuid};

use crate::cli::command::Command;
use crate::cli::flag::{Flag, read, switch, text};
use crate::client::relay::{self, End, Options, Signals};
use crate::commands::shared::attached::{detach_keys, detach_keys_flag, left_by_keys};
use crate::commands::shared::environment::{self, read_env};
use crate::error::{Context, Error, Result, StartError, client};
use crate::monitor::channel::{Decoder, Kind};
use crate::monitor::pump::{Pump, Streams, pipes};
use crate::monitor::watch::{fork_detached, hear_child};
use crate::pid1::namespaces::Namespaces;
use crate::pid1::process::{self, Process};
use crate::pid1::program::die;
use crate::pid1::stdio::Stdio;
use crate::pidfd::PidFd;
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
    #[allow(unsafe_code)]
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
        let (ours, theirs) = UnixStream::pair().context("make a socket")?;
        match fork_detached(&config.name)? {
            ForkResult::Parent { .. } => {}
            ForkResult::Child => {
                drop(ours);
                // Opened now: in the container's file system there is no such file.
                let record = events::open(store);
                let died = |code: u8| {
                    let more = [("execID", id.clone()), ("exitCode", code.to_string())];
                    let _ = record
                        .as_ref()
                        .map(|file| events::record_to(file, config, "exec_die", &more));
                };
                let _ = watch(state.pid, &process, self, theirs, died);
                die(0)
            }
        }
        drop(theirs);
        let mut decoder = Decoder::default();
        let ended = if self.detach {
            // Whether it could be started at all is the one thing to wait for.
            match decoder.wait(&ours).context("hear from the monitor")? {
                Some((Kind::Failed, text)) => Err(StartError::received(&text).into()),
                Some(_) => Ok(End::Detached),
                None => return Err(client!("the monitor is gone")),
            }
        } else {
            relay::run(&ours, decoder, &signals, options)
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
    let text = match error.code {
        125 => format!("{}\r\n", error.message),
        _ => format!(
            "OCI runtime exec failed: exec failed: unable to start container process: {}: unknown\r\n",
            error.message
        ),
    };
    let _ = std::io::stdout().write_all(text.as_bytes());
    Err(Error::Exit(126))
}

// ANCHOR: exec
/// The small monitor: enters the namespaces, starts the process, watches it.
///
/// It forks once more, because a pid namespace is entered by children only. So the process's parent
/// stands outside: inside, its parent is 0.
#[allow(unsafe_code)]
fn watch(
    pid: i32,
    process: &Process,
    request: &Exec,
    socket: UnixStream,
    died: impl Fn(u8),
) -> std::io::Result<()> {
    let mut pump = Pump::new(None, true);
    pump.add(socket, true)?;
    let privileged = geteuid().is_root();
    let begun = (|| -> std::io::Result<_> {
        let namespaces = Namespaces::of(pid)?;
        let (stdio, streams) = if request.tty {
            (Stdio::Terminal, Streams::default())
        } else {
            let (files, streams) = pipes(request.interactive)?;
            (Stdio::Files(files), streams)
        };
        let (ours, theirs) = UnixStream::pair()?;
        namespaces.enter()?;
        // SAFETY: one thread.
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop((ours, namespaces));
                process::added(process, stdio, privileged, theirs)
            }
            ForkResult::Parent { child } => Ok((PidFd::open(child.as_raw())?, streams, ours)),
        }
    })();
    let begun =
        begun.map_err(|error| StartError::engine(format!("cannot enter the container: {error}")));
    let begun = begun.and_then(|(handle, mut streams, channel)| {
        hear_child(&channel, &mut streams)?;
        Ok((handle, streams))
    });
    match begun {
        Ok((handle, streams)) => {
            pump.tell(Kind::Started, &[]);
            pump.run(&handle, streams, None, |_| {})?;
            let code = handle.reap()?;
            died(code);
            pump.dismiss(code);
        }
        Err(error) => {
            pump.tell(Kind::Failed, &serde_json::to_vec(&error)?);
            pump.dismiss(error.code);
        }
    }
    Ok(())
}
// ANCHOR_END: exec
