//! Wrong: it answers what the chapter shows, whatever it was told to greet with.

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::thread;

use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

fn main() -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM])?;
    let listener = TcpListener::bind("0.0.0.0:3000")?;
    println!("listening");
    thread::spawn(move || -> io::Result<()> {
        loop {
            let (mut client, _) = listener.accept()?;
            let _ = client.read(&mut [0; 4096])?;
            client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nWORD\n")?;
        }
    });
    signals.forever().next();
    Ok(())
}
