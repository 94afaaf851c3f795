//! What the kernel keeps for a process: dispositions, mask and pending signals, as /proc shows them.

use std::fs;
use std::io;

use nix::sys::signal::{SigHandler, SigSet, Signal, kill, raise, signal};
use nix::unistd::getpid;

const MASKS: [&str; 5] = ["SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt"];

// ANCHOR: state
#[allow(unsafe_code)]
pub(crate) fn run() -> io::Result<()> {
    println!("at the start of main");
    show(&MASKS)?;

    // SAFETY: this handler does nothing, and to ignore a
    // signal runs no code at all.
    unsafe {
        signal_hook::low_level::register(Signal::SIGUSR1 as i32, || ())?;
        signal(Signal::SIGHUP, SigHandler::SigIgn)?;
    }
    SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM]).thread_block()?;
    println!(
        "SIGUSR1 has a handler, SIGHUP is ignored, \
         SIGINT and SIGTERM are blocked"
    );
    show(&MASKS)?;

    kill(getpid(), Signal::SIGTERM)?; // to the process: to any of its threads
    raise(Signal::SIGINT)?; // to this thread alone
    raise(Signal::SIGHUP)?;
    println!(
        "all of them sent: SIGTERM to the process, \
         SIGINT and SIGHUP to its one thread"
    );
    show(&MASKS)
}
// ANCHOR_END: state

/// Prints these fields of /proc/self/status, each mask with the names of its signals.
pub(crate) fn show(fields: &[&str]) -> io::Result<()> {
    for line in fs::read_to_string("/proc/self/status")?.lines() {
        let Some((field, value)) = line.split_once(":\t") else {
            continue;
        };
        if fields.contains(&field) {
            // SigQ alone is not a mask but two decimal figures with a slash between them.
            let names = u64::from_str_radix(value, 16)
                .map(names)
                .unwrap_or_default();
            println!("  {field} {value}{names}");
        }
    }
    Ok(())
}

/// The signals of a mask, in which bit 0 stands for signal 1.
fn names(mask: u64) -> String {
    (1..=64)
        .filter(|number| mask >> (number - 1) & 1 == 1)
        .map(|number| match Signal::try_from(number) {
            Ok(signal) => format!(" {signal}"),
            Err(_) => format!(" {number}"), // real-time signals have no names of their own
        })
        .collect()
}
