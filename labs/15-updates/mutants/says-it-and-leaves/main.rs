//! Wrong: it says no to `/ready`, and is gone before anybody has asked.

use std::io;

use lab_15_updates::Server;
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

fn main() -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM])?;
    let server = Server::start()?;
    signals.forever().next();
    server.not_ready();
    server.drain();
    Ok(())
}
