//! `attach`: a client for a container that runs.

use std::ops::RangeInclusive;

use crate::cli::command::Command;
use crate::cli::flag::{Flag, switch};
use crate::client::relay::{self, Options};
use crate::commands::shared::attached::{
    detach_keys, detach_keys_flag, gone, left_by_keys, sig_proxy_flag, signals,
};
use crate::error::{Result, client};
use crate::monitor::channel::Decoder;
use crate::monitor::socket;
use crate::store::container::{Container, Status};
use crate::store::disk::Store;
use crate::store::events;

/// `docker attach`.
#[derive(Debug, Default)]
pub(crate) struct Attach {
    no_stdin: bool,
    sig_proxy: Option<bool>,
    detach_keys: Option<String>,
}

impl Command for Attach {
    const NAME: &'static str = "attach";
    const USAGE: &'static str = " [OPTIONS] CONTAINER";
    const ABOUT: &'static str =
        "Attach local standard input, output, and error streams to a running container";
    const ARGUMENTS: RangeInclusive<usize> = 1..=1;

    fn flags() -> Vec<Flag<Self>> {
        vec![
            detach_keys_flag(|flags: &mut Self| &mut flags.detach_keys),
            switch(
                None,
                "no-stdin",
                "Do not attach STDIN",
                |flags: &mut Self| &mut flags.no_stdin,
            ),
            sig_proxy_flag(|flags: &mut Self| &mut flags.sig_proxy),
        ]
    }

    fn run(self, args: &[String]) -> Result<u8> {
        let store = Store::open()?;
        let container = Container::find(&store, &args[0])?;
        if container.state().status == Status::Restarting {
            return Err(client!(
                "You cannot attach to a restarting container, wait until it is running"
            ));
        }
        if container.running().is_err() {
            return Err(client!(
                "You cannot attach to a stopped container, start it first"
            ));
        }
        let config = &container.config;
        let options = Options {
            stdin: config.open_stdin && !self.no_stdin,
            tty: config.tty,
            signals: signals(self.sig_proxy),
            detach_keys: detach_keys(self.detach_keys.as_deref())?,
        };
        relay::check_terminal(options.stdin, options.tty)?;
        let signals = relay::hold_signals(&options)?;
        let socket = socket::attach(&container, options.wants()).map_err(|_| gone(&container))?;
        events::record(&store, config, "attach", &[]);
        left_by_keys(relay::run(&socket, Decoder::default(), &signals, options)?)
    }
}
