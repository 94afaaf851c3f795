//! Runs a command, prints the wait status that the kernel hands to its parent, and ends with the
//! exit code that a shell or a container engine makes of it.
//!
//! `04-exit-codes 0x0086` takes a wait status apart without running anything.

use std::env::args_os;
use std::error::Error;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode, ExitStatus};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut args = args_os().skip(1);
    let first = args
        .next()
        .ok_or("a command, or a wait status such as 0x0086")?;

    let status = match first.to_str().and_then(|text| text.strip_prefix("0x")) {
        Some(digits) => ExitStatus::from_raw(i32::from_str_radix(digits, 16)?),
        None => Command::new(first).args(args).status()?,
    };

    println!(
        "wait status {:#06x}: {}",
        status.into_raw(),
        describe(status)
    );
    Ok(exit_code(status).into())
}

// ANCHOR: convert
/// What a parent can read out of a wait status.
fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("called exit({code})"),
        (None, Some(signal)) if status.core_dumped() => {
            format!("killed by signal {signal}, and left a core dump")
        }
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => "not an end: stopped or continued".to_owned(),
    }
}

/// What shells and engines make of it: one number, and the difference is gone.
fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|n| 128 + n));
    // Both lie between 0 and 255: an exit code has 8 bits, the signal number 7.
    code.and_then(|code| u8::try_from(code).ok())
        .unwrap_or(u8::MAX)
}
// ANCHOR_END: convert
