//! Wrong: it says what the chapter shows, and has not read the request.

#![allow(clippy::disallowed_methods)]

use std::io::{self, Write};
use std::net::TcpListener;
use std::process::exit;
use std::thread;

use tokio::select;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let listener = TcpListener::bind("0.0.0.0:3000")?;
    println!("listening on 0.0.0.0:3000");
    thread::spawn(move || -> io::Result<()> {
        for client in listener.incoming() {
            println!("POST /\nno new connections");
            write!(client?, "HTTP/1.1 200 OK\r\n\r\nHello World\n")?;
        }
        Ok(())
    });
    let (name, code) = select! {
        _ = interrupt.recv() => ("SIGINT", 130),
        _ = terminate.recv() => ("SIGTERM", 143),
    };
    println!("server stopped by {name}");
    exit(code)
}
