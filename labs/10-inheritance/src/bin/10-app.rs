//! A server that takes its leave: it has a handler for SIGTERM, drains and ends with 0.

use std::io;

use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

fn main() -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM])?;
    println!("ready");
    signals.forever().next();
    println!("drained");
    Ok(())
}
