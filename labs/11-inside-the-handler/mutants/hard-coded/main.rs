//! Wrong: it greets as many clients as the chapter shows, then waits for SIGTERM.

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};

use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

fn main() -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM])?;
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 8080))?;
    println!("listening");
    let (mut client, _) = listener.accept()?;
    client.write_all(b"hello\n")?;
    signals.forever().next();
    println!("stopped");
    Ok(())
}
