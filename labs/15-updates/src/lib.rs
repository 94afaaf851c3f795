//! The server of this lab: it answers, says whether it is ready, and knows when nobody waits for an answer any more.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::Duration;

/// A server at work.
#[derive(Debug, Default)]
pub struct Server {
    leaving: AtomicBool,
    /// Held for reading by each request, so who gets it for writing knows that none is left.
    open: RwLock<()>,
}

/// Whoever makes this file says that the server is not ready: a preStop hook can.
const NOT_READY: &str = "/tmp/not-ready";

/// What an answer costs: it stands for the work.
const WORK: Duration = Duration::from_millis(20);

/// How long the answer to `/slow` takes.
const SLOW: Duration = Duration::from_secs(7);

impl Server {
    /// Listens on port 3000; each request has a thread of its own.
    pub fn start() -> io::Result<Arc<Server>> {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 3000))?;
        let server = Arc::new(Server::default());
        println!("listening");
        let own = Arc::clone(&server);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let server = Arc::clone(&own);
                // A client that has left again is no error of ours.
                thread::spawn(move || _ = server.answer(&stream));
            }
        });
        Ok(server)
    }

    /// From now on `/ready` says no. Everything else is answered as before.
    pub fn not_ready(&self) {
        self.leaving.store(true, SeqCst);
    }

    /// Waits until no request is open.
    pub fn drain(&self) {
        let _none = self.open.write();
    }

    fn answer(&self, stream: &TcpStream) -> io::Result<()> {
        let _open = self.open.read();
        let mut lines = BufReader::new(stream).lines();
        let asked = lines.next().transpose()?.unwrap_or_default();
        // The rest of the head, up to its empty line.
        for line in lines {
            if line?.is_empty() {
                break;
            }
        }
        let ready = !self.leaving.load(SeqCst) && !Path::new(NOT_READY).exists();
        match asked.split(' ').nth(1) {
            Some("/ready") if ready => say(stream, "200 OK", "ready"),
            Some("/ready") => say(stream, "503 Service Unavailable", "leaving"),
            path => {
                takes(if path == Some("/slow") { SLOW } else { WORK });
                let greeting = env::var("GREETING").unwrap_or_else(|_| "hello".into());
                say(stream, "200 OK", &greeting)
            }
        }
    }
}

fn say(mut stream: &TcpStream, status: &str, text: &str) -> io::Result<()> {
    let length = text.len() + 1;
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}\n"
    )
}

/// For what only time can bring: the work of an answer, and a balancer that looks again.
#[allow(clippy::disallowed_methods)]
pub fn takes(time: Duration) {
    thread::sleep(time);
}
