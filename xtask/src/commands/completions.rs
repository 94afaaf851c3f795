//! `cargo xtask completions`: what a shell needs to complete our command line.

use clap::{Args, Command};

use crate::report::verdict::Verdict;
use crate::system::print::print;

/// `cargo xtask completions`
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    shell: clap_complete::Shell,
}

/// Prints the script for `command`, which is called `xtask`.
pub fn completions(mut command: Command, arguments: &CompletionsArgs) -> Verdict {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "xtask", &mut script);
    print(&String::from_utf8_lossy(&script));
    Verdict::Passed
}
