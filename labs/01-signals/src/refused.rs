//! What the kernel answers to a process that wants to catch, ignore and block every signal.

use std::io;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction};

extern "C" fn handler(_: i32) {}

// ANCHOR: refused
#[allow(unsafe_code)]
pub(crate) fn run() -> io::Result<()> {
    for (wish, disposition) in [
        ("catch", SigHandler::Handler(handler)),
        ("ignore", SigHandler::SigIgn),
    ] {
        let action = SigAction::new(disposition, SaFlags::empty(), SigSet::empty());
        let mut accepted = 0;
        for signal in Signal::iterator() {
            // SAFETY: the handler does nothing.
            match unsafe { sigaction(signal, &action) } {
                Ok(_) => accepted += 1,
                Err(error) => println!("{wish} {signal}: {error}"),
            }
        }
        println!("{wish}: {accepted} accepted");
    }

    SigSet::all().thread_block()?; // no error
    let mask = SigSet::thread_get_mask()?;
    let (blocked, open): (Vec<_>, Vec<_>) = Signal::iterator().partition(|&s| mask.contains(s));
    println!("block: {} in the mask, but not {open:?}", blocked.len());

    println!("SIGKILL, then?");
    Ok(raise(Signal::SIGKILL)?)
}
// ANCHOR_END: refused
