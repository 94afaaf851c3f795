//! `port`: what is published.

use std::ops::RangeInclusive;

use crate::cli::command::Command;
use crate::error::{Result, client};
use crate::output::print;
use crate::store::container::{Container, Status};
use crate::store::disk::Store;

/// `docker port`.
#[derive(Debug, Default)]
pub(crate) struct PortOf;

impl Command for PortOf {
    const NAME: &'static str = "port";
    const USAGE: &'static str = " CONTAINER [PRIVATE_PORT[/PROTO]]";
    const ABOUT: &'static str = "List port mappings or a specific mapping for the container";
    const ARGUMENTS: RangeInclusive<usize> = 1..=2;

    fn run(self, args: &[String]) -> Result<u8> {
        let store = Store::open()?;
        let container = Container::find(&store, &args[0])?;
        let state = container.state();
        let ports: Vec<_> = if state.status == Status::Running {
            state.ports
        } else {
            Vec::new()
        };
        let Some(wanted) = args.get(1) else {
            for port in ports {
                print(&format!(
                    "{}/tcp -> {}:{}\n",
                    port.container, port.ip, port.host
                ));
            }
            return Ok(0);
        };
        let number = wanted.strip_suffix("/tcp").unwrap_or(wanted);
        let mut found = ports
            .iter()
            .filter(|port| port.container.to_string() == number)
            .peekable();
        if found.peek().is_none() {
            return Err(client!(
                "Error: No public port '{wanted}' published for {}",
                args[0]
            ));
        }
        found.for_each(|port| print(&format!("{}:{}\n", port.ip, port.host)));
        Ok(0)
    }
}
