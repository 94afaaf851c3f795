//! Wrong: it says what the chapter shows, and has started nobody.

use std::io;

use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

fn main() -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM])?;
    println!("ready");
    signals.forever().next();
    println!("supervisor: SIGTERM");
    println!("drained");
    println!("supervisor: the worker ended, exit status: 0");
    Ok(())
}
