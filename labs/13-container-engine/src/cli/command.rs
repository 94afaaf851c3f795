//! What a command is: a type that its flags fill, and what it does then. One list of these is all that `pocket` can.

use std::ffi::OsString;
use std::ops::RangeInclusive;

use crate::cli::flag::Flag;
use crate::cli::parse::{Parse, parse};
use crate::error::{Error, Result};
use crate::output::print;

/// One command. Its fields are its flags.
pub(crate) trait Command: Default + 'static {
    const NAME: &'static str;
    /// What follows the name in the usage line.
    const USAGE: &'static str;
    const ABOUT: &'static str;
    /// How many arguments it takes.
    const ARGUMENTS: RangeInclusive<usize>;
    /// After the first argument, everything is somebody else's command line.
    const PASSES_ON: bool = false;
    /// What Docker's command has and pocket's has not: long names, and short ones as `-v`.
    const LACKS: &'static [&'static str] = &[];

    /// Its flags, in the order of `--help`.
    fn flags() -> Vec<Flag<Self>> {
        Vec::new()
    }

    /// Does it; returns the exit code.
    fn run(self, args: &[String]) -> Result<u8>;
}

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

/// A command line that is wrong: the message, the usage, and the code 125 or 1.
pub(crate) fn usage_error<C: Command>(message: String, hint: &'static str, code: u8) -> Error {
    Error::Usage {
        message,
        hint,
        command: C::NAME,
        usage: C::USAGE,
        code,
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
