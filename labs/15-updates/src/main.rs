//! `15-updates [ready-first]`: a server that stops well, all by itself. Behind a
//! load balancer that is not enough: with `ready-first` it goes on serving until
//! the balancer has looked away.

use std::env;
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
    if env::args().nth(1).as_deref() == Some("ready-first") {
        server.not_ready();
        println!("not ready, and serving");
        takes(LOOK_AWAY);
    }
    server.drain();
    println!("drained");
    Ok(())
}
