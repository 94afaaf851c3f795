//! `server [GREETING]`: answers each line with the greeting. SIGHUP is a message, SIGTERM the end: it
//! answers the requests that are open, then exits with 0. It leaves SIGINT alone, as many servers do.

use std::env;
use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{self, ExitCode};
use std::sync::RwLock;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::signal_name;

/// Held for reading by every open request, so who gets it for writing knows that none is left.
static OPEN: RwLock<()> = RwLock::new(());

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("server: {error}");
            ExitCode::FAILURE
        }
    }
}

// ANCHOR: run
fn run() -> Result<(), Box<dyn Error>> {
    let greeting = greeting()?;
    let mut signals = Signals::new([SIGHUP, SIGTERM])?;
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port()?))?;
    println!("server: listening, PID {}", process::id());
    thread::spawn(move || accept(&listener, &greeting));

    for signal in signals.forever() {
        println!("server: got {}", signal_name(signal).unwrap_or("?"));
        if signal == SIGTERM {
            break;
        }
    }
    let _none_open = OPEN.write();
    println!("server: drained");
    Ok(())
}
// ANCHOR_END: run

fn accept(listener: &TcpListener, greeting: &str) {
    thread::scope(|scope| {
        for stream in listener.incoming() {
            scope.spawn(move || {
                if let Err(error) = stream.and_then(|stream| answer(stream, greeting)) {
                    eprintln!("server: {error}");
                }
            });
        }
    });
}

/// A request is open until its line is complete and answered.
fn answer(mut stream: TcpStream, greeting: &str) -> io::Result<()> {
    let _open = OPEN.read();
    println!("server: request open");
    BufReader::new(&stream).read_line(&mut String::new())?;
    writeln!(stream, "{greeting}")?;
    println!("server: request answered");
    Ok(())
}

/// The one argument. Like many programs, this one refuses what it does not understand.
fn greeting() -> Result<String, String> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => Ok("Hello World".to_owned()),
        [greeting] => Ok(greeting.clone()),
        _ => Err(format!(
            "one greeting, not {}: {arguments:?}",
            arguments.len()
        )),
    }
}

fn port() -> Result<u16, String> {
    match env::var("PORT") {
        Ok(port) => port.parse().map_err(|_| format!("not a port: {port:?}")),
        Err(_) => Ok(3000),
    }
}
