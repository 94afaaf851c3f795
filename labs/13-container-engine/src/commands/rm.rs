//! `rm`: a container and all that it left.

use std::collections::HashSet;
use std::io;
use std::ops::RangeInclusive;

use nix::libc;

use crate::cli::command::Command;
use crate::cli::flag::{Flag, switch};
use crate::commands::shared::each::at_once;
use crate::commands::shared::ending::{forbid_restart, send};
use crate::error::{Context, Error, Result, daemon};
use crate::output::{print, warn};
use crate::store::container::{Container, Status};
use crate::store::disk::Store;
use crate::store::events;

/// `docker rm`.
#[derive(Debug, Default)]
pub(crate) struct Rm {
    force: bool,
    volumes: bool,
}

impl Command for Rm {
    const NAME: &'static str = "rm";
    const USAGE: &'static str = " [OPTIONS] CONTAINER [CONTAINER...]";
    const ABOUT: &'static str = "Remove one or more containers";
    const ARGUMENTS: RangeInclusive<usize> = 1..=usize::MAX;
    const LACKS: &'static [&'static str] = &["link", "-l"];

    fn flags() -> Vec<Flag<Self>> {
        vec![
            switch(
                Some('f'),
                "force",
                "Force the removal of a running container (uses SIGKILL)",
                |flags: &mut Self| &mut flags.force,
            ),
            switch(
                Some('v'),
                "volumes",
                "Remove anonymous volumes associated with the container",
                |flags: &mut Self| &mut flags.volumes,
            ),
        ]
    }

    fn run(self, args: &[String]) -> Result<u8> {
        let store = Store::open()?;
        let force = self.force;
        let mut errors = Vec::new();
        let mut failed = false;
        let mut begun = HashSet::new();
        let found: Vec<_> = args
            .iter()
            .map(|name| {
                let container = Container::find(&store, name)?;
                // Docker's daemon refuses a second removal while the first goes on.
                if begun.insert(container.config.id.clone()) {
                    Ok(container)
                } else {
                    Err(daemon!(
                        "removal of container {name} is already in progress"
                    ))
                }
            })
            .collect();
        let outcomes = at_once(found, |one| remove(&store, &one?, force));
        for (name, outcome) in args.iter().zip(outcomes) {
            match outcome {
                Ok(()) => print(&format!("{name}\n")),
                Err(error) => {
                    // What is gone already is what --force asks for.
                    failed |= !(force && matches!(error, Error::Missing(..)));
                    errors.push(error);
                }
            }
        }
        for error in errors {
            warn(&format!("{error}\n"));
        }
        if failed { Err(Error::Exit(1)) } else { Ok(0) }
    }
}

/// Deletes one container.
fn remove(store: &Store, container: &Container, force: bool) -> Result<()> {
    let config = &container.config;
    let _locks = loop {
        // With --rm, the monitor has deleted it.
        let Ok(changes) = container.lock_changes() else {
            return Ok(());
        };
        let unwatched = container.lock_out_monitors();
        if let Some(unwatched) = unwatched.at("lock", &container.file("status"))? {
            break (changes, unwatched);
        }
        drop(changes);
        // "Exited", and still watched: the monitor is at its last lines.
        let status = container.state().status;
        if status != Status::Exited {
            if !force {
                let how = match status {
                    Status::Restarting => "restarting",
                    _ => "running",
                };
                return Err(daemon!(
                    "You cannot remove a {how} container {}. Stop the container before attempting removal or force remove",
                    config.id
                ));
            }
            forbid_restart(container);
            if let Some(pid1) = container.pid1(&container.state()) {
                send(store, container, &pid1, libc::SIGKILL)?;
            }
        }
        container.wait().context("wait for the monitor")?;
    };
    match container.delete(store) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).at("delete", &container.file("json"))
        }
        _ => {
            events::record(store, config, "destroy", &[]);
            Ok(())
        }
    }
}
