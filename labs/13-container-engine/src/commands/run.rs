//! `run`: a new container, and its client.

use std::ops::RangeInclusive;

use crate::cli::command::Command;
use crate::cli::flag::{Flag, switch};
use crate::client::relay::{self, End, Options};
use crate::commands::shared::asked::{Asked, LACKS};
use crate::commands::shared::attached::{detach_keys, detach_keys_flag, sig_proxy_flag, signals};
use crate::commands::shared::container::{make, or_125};
use crate::error::{Error, Result};
use crate::monitor::channel::{Decoder, Wants};
use crate::monitor::start;
use crate::output::{print, warn};
use crate::store::disk::Store;
use crate::store::events;

/// `docker run`.
#[derive(Debug, Default)]
pub(crate) struct Run {
    asked: Asked,
    detach: bool,
    sig_proxy: Option<bool>,
    detach_keys: Option<String>,
}

impl Command for Run {
    const NAME: &'static str = "run";
    const USAGE: &'static str = " [OPTIONS] IMAGE [COMMAND] [ARG...]";
    const ABOUT: &'static str = "Create and run a new container from an image";
    const ARGUMENTS: RangeInclusive<usize> = 1..=usize::MAX;
    const PASSES_ON: bool = true;
    const LACKS: &'static [&'static str] = LACKS;

    fn flags() -> Vec<Flag<Self>> {
        let mut all = Asked::flags();
        all.extend([
            switch(
                Some('d'),
                "detach",
                "Run container in background and print container ID",
                |flags: &mut Self| &mut flags.detach,
            ),
            sig_proxy_flag(|flags: &mut Self| &mut flags.sig_proxy),
            detach_keys_flag(|flags: &mut Self| &mut flags.detach_keys),
        ]);
        all
    }

    fn run(self, args: &[String]) -> Result<u8> {
        or_125("run", self.start(args))
    }
}

impl Run {
    fn start(self, args: &[String]) -> Result<u8> {
        let detached = self.detach;
        let options = Options {
            stdin: self.asked.interactive && !detached,
            tty: self.asked.tty,
            signals: signals(self.sig_proxy),
            detach_keys: detach_keys(self.detach_keys.as_deref())?,
        };
        if !detached && let Err(error) = relay::check_terminal(options.stdin, options.tty) {
            warn(&format!("{error}\n"));
            return Err(Error::Exit(1));
        }
        let store = Store::open()?;
        let container = make(&store, self.asked, args, !detached)?;
        if detached {
            let started = start::start(&store, &container, Wants::default(), None);
            print(&format!("{}\n", container.config.id));
            return started.map(|_| 0);
        }
        let signals = relay::hold_signals(&options)?;
        events::record(&store, &container.config, "attach", &[]);
        let (socket, _) = start::launch(&store, &container, options.wants(), None)?;
        relay::run(&socket, Decoder::default(), &signals, options).map(End::code)
    }
}

impl AsMut<Asked> for Run {
    fn as_mut(&mut self) -> &mut Asked {
        &mut self.asked
    }
}
