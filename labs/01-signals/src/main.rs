//! What a signal does, from the kernel to the handler and back. Each subcommand is one experiment,
//! and each module holds one.

mod nested;
mod queue;
mod refused;
mod resume;
mod state;
mod table;

use std::env;
use std::io;
use std::process::ExitCode;

use nix::sys::signal::{SaFlags, SigSet};

const USAGE: &str = "usage: 01-signals resume | state | table | refused | queue COUNT \
                     | nested [--nodefer | --mask]";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("01-signals: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> io::Result<()> {
    match arguments {
        ["resume"] => resume::run(),
        ["state"] => state::run(),
        ["table"] => table::run(),
        ["refused"] => refused::run(),
        ["queue", count] => queue::run(count.parse().map_err(io::Error::other)?),
        ["nested"] => nested::run(SaFlags::empty(), SigSet::empty()),
        ["nested", "--nodefer"] => nested::run(SaFlags::SA_NODEFER, SigSet::empty()),
        ["nested", "--mask"] => nested::run(SaFlags::empty(), SigSet::all()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, USAGE)),
    }
}
