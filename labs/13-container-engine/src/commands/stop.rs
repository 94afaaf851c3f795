//! `stop`: the signal, the grace period, the force.

use std::ops::RangeInclusive;

use crate::cli::command::Command;
use crate::cli::flag::Flag;
use crate::commands::shared::each::each_at_once;
use crate::commands::shared::ending::stop_one;
use crate::commands::shared::grace::Grace;
use crate::error::Result;
use crate::store::container::Container;
use crate::store::disk::Store;

/// `docker stop`.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    grace: Grace,
}

impl Command for Stop {
    const NAME: &'static str = "stop";
    const USAGE: &'static str = " [OPTIONS] CONTAINER [CONTAINER...]";
    const ABOUT: &'static str = "Stop one or more running containers";
    const ARGUMENTS: RangeInclusive<usize> = 1..=usize::MAX;

    fn flags() -> Vec<Flag<Self>> {
        Grace::flags()
    }

    fn run(self, args: &[String]) -> Result<u8> {
        let (store, seconds) = (Store::open()?, self.grace.seconds());
        each_at_once(args, |name| {
            let container = Container::find(&store, name)?;
            stop_one(&store, &container, self.grace.signal.as_deref(), seconds)
        })
    }
}

impl AsMut<Grace> for Stop {
    fn as_mut(&mut self) -> &mut Grace {
        &mut self.grace
    }
}
