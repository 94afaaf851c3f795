//! `create`: a container that does not run yet.

use std::ops::RangeInclusive;

use crate::cli::command::Command;
use crate::cli::flag::Flag;
use crate::commands::shared::asked::{Asked, LACKS};
use crate::commands::shared::container::{make, or_125};
use crate::error::Result;
use crate::output::print;
use crate::store::disk::Store;

/// `docker create`.
#[derive(Debug, Default)]
pub(crate) struct Create {
    asked: Asked,
}

impl Command for Create {
    const NAME: &'static str = "create";
    const USAGE: &'static str = " [OPTIONS] IMAGE [COMMAND] [ARG...]";
    const ABOUT: &'static str = "Create a new container";
    const ARGUMENTS: RangeInclusive<usize> = 1..=usize::MAX;
    const PASSES_ON: bool = true;
    const LACKS: &'static [&'static str] = LACKS;

    fn flags() -> Vec<Flag<Self>> {
        Asked::flags()
    }

    fn run(self, args: &[String]) -> Result<u8> {
        let made = Store::open().and_then(|store| make(&store, self.asked, args, true));
        let printed = made.map(|container| {
            print(&format!("{}\n", container.config.id));
            0
        });
        or_125("create", printed)
    }
}

impl AsMut<Asked> for Create {
    fn as_mut(&mut self) -> &mut Asked {
        &mut self.asked
    }
}
