//! `kill`: one signal.

use std::ops::RangeInclusive;

use nix::libc;

use crate::cli::command::Command;
use crate::cli::flag::{Flag, text};
use crate::commands::shared::each::each_at_once;
use crate::commands::shared::ending::{forbid_restart, send};
use crate::error::{Context, Error, Result};
use crate::signal::{self, BadSignal};
use crate::store::container::{Container, Status};
use crate::store::disk::Store;

/// `docker kill`.
#[derive(Debug, Default)]
pub(crate) struct Kill {
    signal: Option<String>,
}

impl Command for Kill {
    const NAME: &'static str = "kill";
    const USAGE: &'static str = " [OPTIONS] CONTAINER [CONTAINER...]";
    const ABOUT: &'static str = "Kill one or more running containers";
    const ARGUMENTS: RangeInclusive<usize> = 1..=usize::MAX;

    fn flags() -> Vec<Flag<Self>> {
        vec![text(
            Some('s'),
            "signal",
            "Signal to send to the container",
            |flags: &mut Self| &mut flags.signal,
        )]
    }

    fn run(self, args: &[String]) -> Result<u8> {
        let store = Store::open()?;
        let number = signal::parse(self.signal.as_deref().unwrap_or("KILL"));
        each_at_once(args, |name| {
            let wrap = |error: Error| error.within(&format!("Cannot kill container: {name}"));
            // What is no signal is refused before anybody looks for the container; what no kernel has, after.
            if let Err(bad @ BadSignal::Invalid(_)) = &number {
                return Err(bad.clone().into());
            }
            let container = Container::find(&store, name).map_err(wrap)?;
            let number = number.clone().map_err(|bad| wrap(bad.into()))?;
            // There is nobody to signal; but the wish counts.
            if container.state().status == Status::Restarting {
                if container.config.forbids_restart(number) {
                    forbid_restart(&container);
                    container.wait().context("wait for the monitor")?;
                }
                return Ok(());
            }
            let (_, pid1) = container.running().map_err(wrap)?;
            if container.config.forbids_restart(number) {
                forbid_restart(&container);
            }
            send(&store, &container, &pid1, number)?;
            // SIGKILL is the end for sure, and who asked for it wants to see it.
            if number == libc::SIGKILL {
                container.wait().context("wait for the monitor")?;
            }
            Ok(())
        })
    }
}
