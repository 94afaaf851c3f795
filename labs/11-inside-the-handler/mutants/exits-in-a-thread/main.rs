//! Wrong: a thread hears SIGTERM and ends the process: `main` never comes to its last line.

#![allow(clippy::disallowed_methods)]

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::exit;
use std::thread;

use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

fn main() -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM])?;
    thread::spawn(move || {
        signals.forever().next();
        exit(0);
    });

    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 8080))?;
    println!("listening");
    loop {
        let (mut client, _) = listener.accept()?;
        let _ = client.write_all(b"hello\n"); // a client that has left again is no error of ours
    }
}
