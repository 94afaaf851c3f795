//! Wrong: it stops well, and says that SIGTERM has killed it.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use lab_15_updates::{Server, takes};
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

/// The balancer asks four times a second, and believes the second no.
const LOOK_AWAY: Duration = Duration::from_secs(4);

fn main() -> io::Result<ExitCode> {
    let mut signals = Signals::new([SIGTERM])?;
    let server = Server::start()?;
    signals.forever().next();
    server.not_ready();
    takes(LOOK_AWAY);
    server.drain();
    Ok(ExitCode::from(143))
}
