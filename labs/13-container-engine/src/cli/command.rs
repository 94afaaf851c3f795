//! What a command is: a type that its flags fill, and what it does then.

use std::ops::RangeInclusive;

use crate::cli::flag::Flag;
use crate::error::{Error, Result};

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
