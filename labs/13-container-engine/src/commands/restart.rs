//! `restart`: `stop`, then `start`.

use std::ops::RangeInclusive;

use crate::cli::command::Command;
use crate::cli::flag::Flag;
use crate::commands::shared::begin::begin;
use crate::commands::shared::each::each;
use crate::commands::shared::ending::stop_one;
use crate::commands::shared::grace::Grace;
use crate::error::Result;
use crate::monitor::channel::Wants;
use crate::store::container::Container;
use crate::store::disk::Store;
use crate::store::events;

/// `docker restart`.
#[derive(Debug, Default)]
pub(crate) struct Restart {
    grace: Grace,
}

impl Command for Restart {
    const NAME: &'static str = "restart";
    const USAGE: &'static str = " [OPTIONS] CONTAINER [CONTAINER...]";
    const ABOUT: &'static str = "Restart one or more containers";
    const ARGUMENTS: RangeInclusive<usize> = 1..=usize::MAX;

    fn flags() -> Vec<Flag<Self>> {
        Grace::flags()
    }

    fn run(self, args: &[String]) -> Result<u8> {
        let (store, seconds) = (Store::open()?, self.grace.seconds());
        each(args, |name| {
            let container = Container::find(&store, name)?;
            stop_one(&store, &container, self.grace.signal.as_deref(), seconds)?;
            begin(&store, &container, Wants::default())?;
            events::record(&store, &container.config, "restart", &[]);
            Ok(())
        })
    }
}

impl AsMut<Grace> for Restart {
    fn as_mut(&mut self) -> &mut Grace {
        &mut self.grace
    }
}
