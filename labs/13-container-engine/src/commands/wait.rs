//! `wait`: until the end.

use std::ops::RangeInclusive;

use crate::cli::command::Command;
use crate::error::{Context, Error, Result};
use crate::monitor::socket;
use crate::output::{print, warn};
use crate::store::container::Container;
use crate::store::disk::Store;

/// `docker wait`.
#[derive(Debug, Default)]
pub(crate) struct Wait;

impl Command for Wait {
    const NAME: &'static str = "wait";
    const USAGE: &'static str = " CONTAINER [CONTAINER...]";
    const ABOUT: &'static str =
        "Block until one or more containers stop, then print their exit codes";
    const ARGUMENTS: RangeInclusive<usize> = 1..=usize::MAX;

    fn run(self, args: &[String]) -> Result<u8> {
        let store = Store::open()?;
        let mut failed = false;
        for name in args {
            let code = Container::find(&store, name).and_then(|container| {
                let code = socket::wait_for_end(&container).context("wait")?;
                code.ok_or_else(|| Error::no_container(name))
            });
            match code {
                Ok(code) => print(&format!("{code}\n")),
                Err(error) => {
                    warn(&format!("{error}\n"));
                    failed = true;
                }
            }
        }
        if failed { Err(Error::Exit(1)) } else { Ok(0) }
    }
}
