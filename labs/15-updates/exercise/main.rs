//! Your turn: on its own this server stops well, and loses nobody's request. Behind a load balancer it does. Why?

use std::io;

use lab_15_updates::Server;
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

fn main() -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM])?;
    let server = Server::start()?;
    signals.forever().next();
    // TODO: the balancer does not know yet that we leave.
    server.drain();
    Ok(())
}
