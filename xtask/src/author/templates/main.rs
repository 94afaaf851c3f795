//! Waits for SIGTERM, says so, and ends with 128+15.

use std::process::ExitCode;

use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

fn main() -> std::io::Result<ExitCode> {
    let mut signals = Signals::new([SIGTERM])?;
    println!("ready");
    let signal = signals.forever().next();
    println!("got {signal:?}");
    Ok(ExitCode::from(143))
}
