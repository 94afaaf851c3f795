//! A command in the list of all that `pocket` can, and its help.

use std::ffi::OsString;

use crate::cli::command::Command;
use crate::cli::flag::Flag;
use crate::cli::parse::{Parse, parse};
use crate::error::Result;
use crate::output::print;

/// A command in the list of all.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) run: fn(Vec<OsString>) -> Result<u8>,
}

impl Entry {
    /// The entry of one command.
    pub(crate) const fn of<C: Command>() -> Self {
        Self {
            name: C::NAME,
            about: C::ABOUT,
            run: run::<C>,
        }
    }
}

fn run<C: Command>(words: Vec<OsString>) -> Result<u8> {
    match parse::<C>(words)? {
        Parse::Help => {
            print(&help::<C>());
            Ok(0)
        }
        Parse::Run(command, args) => command.run(&args),
    }
}

/// What `--help` prints.
pub(crate) fn help<C: Command>() -> String {
    let mut out = format!("Usage:  docker {}{}\n\n{}\n", C::NAME, C::USAGE, C::ABOUT);
    let flags = C::flags();
    let left = |flag: &Flag<C>| {
        let short = flag
            .short
            .map_or("   ".to_owned(), |short| format!("-{short},"));
        format!("  {short} --{}{}", flag.long, flag.kind())
    };
    if let Some(width) = flags.iter().map(|flag| left(flag).len()).max() {
        out.push_str("\nOptions:\n");
        for flag in &flags {
            out.push_str(&format!("{:width$}   {}\n", left(flag), flag.about));
        }
    }
    out
}
