//! `15-load PORT`: four clients, each with a question every few milliseconds, until SIGINT. Then it says how many answers came, and
//! how many did not.

use std::env;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, SystemTime};

use lab_15_updates::takes;
use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;

const CLIENTS: usize = 4;

/// Between two questions of one client.
const PAUSE: Duration = Duration::from_millis(10);

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port: u16 = env::args().nth(1).ok_or("15-load PORT")?.parse()?;
    let mut signals = Signals::new([SIGINT])?;
    // The chapter's picture shows when requests were lost, if one is drawn.
    let picture = env::var_os("TRAPPING_SIGNALS_PICTURE")
        .map(|file| OpenOptions::new().append(true).open(file))
        .transpose()?;
    let (over, answered, lost) = (
        AtomicBool::new(false),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    );
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while !over.load(Relaxed) {
                    let count = if ask(port).unwrap_or(false) {
                        &answered
                    } else {
                        tell(picture.as_ref());
                        &lost
                    };
                    count.fetch_add(1, Relaxed);
                    takes(PAUSE);
                }
            });
        }
        println!("loading");
        signals.forever().next();
        over.store(true, Relaxed);
    });
    println!("answered: {}", answered.into_inner());
    println!("lost: {}", lost.into_inner());
    Ok(())
}

/// Whether the whole answer came, and was a good one.
fn ask(port: u16) -> io::Result<bool> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with('\n'))
}

/// A line for the picture: one request was lost, now.
fn tell(picture: Option<&File>) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    if let (Some(mut picture), Ok(now)) = (picture, now) {
        let line = format!("{{\"at\": {}, \"lost\": 1}}\n", now.as_secs_f64());
        // A picture is not worth a measurement.
        let _ = picture.write_all(line.as_bytes());
    }
}
