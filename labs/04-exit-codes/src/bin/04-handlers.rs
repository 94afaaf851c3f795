//! Four ways to end after a SIGTERM was handled. The first argument says which.

use std::env::args;
use std::error::Error;
use std::process::ExitCode;

use nix::sys::signal::{SigHandler, Signal, raise, signal};
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let how = args().nth(1).unwrap_or_default();
    let mut signals = Signals::new([SIGTERM])?;

    // The program sends the signal to itself, so that you need not hit the right moment.
    raise(Signal::SIGTERM)?;
    let number = signals.forever().next().ok_or("no signal came")?;

    // Here a real program finishes its work. Then it ends, and says how:
    match how.as_str() {
        // ANCHOR: handlers
        "zero" => return Ok(ExitCode::SUCCESS),
        "code" => return Ok(ExitCode::from(128 + u8::try_from(number)?)),
        "raise" => die_of(Signal::try_from(number)?)?,
        "emulate" => emulate_default_handler(number)?,
        // ANCHOR_END: handlers
        _ => return Err("zero, code, raise or emulate?".into()),
    }

    println!("still running: PID 1 cannot die of its own signal");
    Ok(ExitCode::from(128 + u8::try_from(number)?))
}

// ANCHOR: die_of
/// Takes our handler off and raises the signal again: its
/// default action ends the process.
#[allow(unsafe_code)]
fn die_of(number: Signal) -> nix::Result<()> {
    // SAFETY: the default action is no function of ours;
    // nothing is left that could run.
    unsafe { signal(number, SigHandler::SigDfl) }?;
    raise(number)
}
// ANCHOR_END: die_of
