//! signal-hook's iterator: a self-pipe that somebody else has written, and tested.

use std::io;

use signal_hook::consts::{SIGHUP, SIGTERM};
use signal_hook::iterator::Signals;

// ANCHOR: way
fn main() -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGTERM])?;
    println!("ready");

    for signal in signals.forever() {
        match signal {
            SIGHUP => println!("reload"),
            _ => break,
        }
    }
    println!("stop");
    Ok(())
}
// ANCHOR_END: way
