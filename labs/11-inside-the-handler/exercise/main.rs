//! A server that greets who connects. SIGTERM sets a flag, and the loop ends when it sees it.

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use signal_hook::consts::SIGTERM;
use signal_hook::flag;

fn main() -> io::Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    flag::register(SIGTERM, Arc::clone(&stop))?;

    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 8080))?;
    println!("listening");
    while !stop.load(Relaxed) {
        let (mut client, _) = listener.accept()?;
        let _ = client.write_all(b"hello\n"); // a client that has left again is no error of ours
    }
    println!("stopped");
    Ok(())
}
