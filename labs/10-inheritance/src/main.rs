//! A filter that names the signals of each mask: `grep Sig /proc/1/status | 10-inheritance`.
//! A line that holds no mask passes as it is.

use std::io::{self, Write};

use nix::sys::signal::Signal;

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lines() {
        let line = line?;
        writeln!(out, "{line}{}", signals(&line).unwrap_or_default())?;
    }
    Ok(())
}

// ANCHOR: decode
/// ` SIGTERM` for `SigBlk:\t0000000000004000`: bit 14 stands for signal 15.
fn signals(line: &str) -> Option<String> {
    let (field, digits) = line.split_once(":\t")?;
    if !matches!(field, "SigPnd" | "ShdPnd" | "SigBlk" | "SigIgn" | "SigCgt") {
        return None;
    }
    let mask = u64::from_str_radix(digits, 16).ok()?;
    let names = (1..=64)
        .filter(|number| mask >> (number - 1) & 1 == 1)
        .map(|number| match Signal::try_from(number) {
            Ok(signal) => format!(" {signal}"),
            Err(_) => format!(" {number}"), // a real-time signal has no name
        })
        .collect();
    Some(names)
}
// ANCHOR_END: decode
