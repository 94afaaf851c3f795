//! Wrong: it waits for one of the two times that the balancer asks.

use std::io;
use std::time::Duration;

use lab_15_updates::{Server, takes};
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

/// The balancer asks four times a second.
const LOOK_AWAY: Duration = Duration::from_millis(100);

fn main() -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM])?;
    let server = Server::start()?;
    signals.forever().next();
    server.not_ready();
    takes(LOOK_AWAY);
    server.drain();
    Ok(())
}
