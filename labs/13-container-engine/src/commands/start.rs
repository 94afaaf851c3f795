//! `start`: a container that exists.

use std::ops::RangeInclusive;

use crate::cli::command::Command;
use crate::cli::flag::{Flag, switch};
use crate::client::relay::{self, End, Options, Signals};
use crate::commands::shared::attached::{detach_keys, detach_keys_flag, gone, sig_proxy_flag};
use crate::commands::shared::begin::begin;
use crate::commands::shared::each::each_reporting;
use crate::error::{Result, client};
use crate::monitor::channel::Wants;
use crate::monitor::socket;
use crate::store::container::{Container, Status};
use crate::store::disk::Store;
use crate::store::events;

/// `docker start`.
#[derive(Debug, Default)]
pub(crate) struct Start {
    attach: bool,
    interactive: bool,
    sig_proxy: Option<bool>,
    detach_keys: Option<String>,
}

impl Command for Start {
    const NAME: &'static str = "start";
    const USAGE: &'static str = " [OPTIONS] CONTAINER [CONTAINER...]";
    const ABOUT: &'static str = "Start one or more stopped containers";
    const ARGUMENTS: RangeInclusive<usize> = 1..=usize::MAX;
    const LACKS: &'static [&'static str] = &["checkpoint", "checkpoint-dir"];

    fn flags() -> Vec<Flag<Self>> {
        vec![
            switch(
                Some('a'),
                "attach",
                "Attach STDOUT/STDERR and forward signals",
                |flags: &mut Self| &mut flags.attach,
            ),
            detach_keys_flag(|flags: &mut Self| &mut flags.detach_keys),
            switch(
                Some('i'),
                "interactive",
                "Attach container's STDIN",
                |flags: &mut Self| &mut flags.interactive,
            ),
            sig_proxy_flag(|flags: &mut Self| &mut flags.sig_proxy),
        ]
    }

    fn run(self, args: &[String]) -> Result<u8> {
        let store = Store::open()?;
        if !self.attach {
            return each_reporting(args, "Error: failed to start containers", |name| {
                let container = Container::find(&store, name)?;
                begin(&store, &container, Wants::default()).map(drop)
            });
        }
        if args.len() > 1 {
            return Err(client!(
                "you cannot start and attach multiple containers at once"
            ));
        }
        let container = Container::find(&store, &args[0])?;
        let options = Options {
            stdin: self.interactive && container.config.open_stdin,
            tty: container.config.tty,
            signals: match self.sig_proxy {
                Some(false) => Signals::Keep,
                // A terminal hands on what is typed, Ctrl-C too.
                _ if container.config.tty => Signals::Leave,
                _ => Signals::Proxy,
            },
            detach_keys: detach_keys(self.detach_keys.as_deref())?,
        };
        if container.state().status == Status::Restarting {
            return Err(container.is_restarting());
        }
        relay::check_terminal(options.stdin, options.tty)?;
        let signals = relay::hold_signals(&options)?;
        events::record(&store, &container.config, "attach", &[]);
        let (socket, decoder) = match begin(&store, &container, options.wants())? {
            Some(connection) => connection,
            None => (
                socket::attach(&container, options.wants()).map_err(|_| gone(&container))?,
                Default::default(),
            ),
        };
        relay::run(&socket, decoder, &signals, options).map(End::code)
    }
}
