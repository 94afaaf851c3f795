//! Wrong: it waits four seconds before it stops, and says to nobody that it leaves.

use std::io;
use std::time::Duration;

use lab_15_updates::{Server, takes};
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

/// The balancer asks four times a second, and believes the second no.
const LOOK_AWAY: Duration = Duration::from_secs(4);

fn main() -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM])?;
    let server = Server::start()?;
    signals.forever().next();
    takes(LOOK_AWAY);
    server.drain();
    Ok(())
}
