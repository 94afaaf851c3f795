//! An HTTP server that answers slowly, and drains if it is let.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};

/// A server at work.
pub struct Server {
    state: Arc<State>,
    port: u16,
}

#[derive(Default)]
struct State {
    draining: AtomicBool,
    /// Connections that are open.
    open: AtomicUsize,
}

/// Serves on `port`; each answer takes `answer`.
pub fn serve(port: u16, answer: Duration) -> Result<Server> {
    let listener = TcpListener::bind(("0.0.0.0", port)).context("cannot listen")?;
    let state = Arc::new(State::default());
    let shared = Arc::clone(&state);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = match stream {
                Ok(stream) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return, // the listener closes
                Err(_) => continue, // a client that has gone again
            };
            if shared.draining.load(Ordering::SeqCst) {
                // Whoever waits in the backlog has a connection already: they are served, too.
                let _ = listener.set_nonblocking(true);
            }
            let state = Arc::clone(&shared);
            state.open.fetch_add(1, Ordering::SeqCst);
            std::thread::spawn(move || {
                // A client that goes away is its own affair.
                let _ = connection(&stream, &state, answer);
                state.open.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    Ok(Server { state, port })
}

/// How often an idle connection looks whether the server drains.
const LOOK: Duration = Duration::from_millis(50);

fn connection(stream: &TcpStream, state: &State, answer: Duration) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        // Idle: wait for the first byte of a request, or for the drain.
        stream.set_read_timeout(Some(LOOK))?;
        match reader.fill_buf() {
            Ok([]) => return Ok(()),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                match state.draining.load(Ordering::SeqCst) {
                    true => return Ok(()),
                    false => continue,
                }
            }
            Err(error) => return Err(error),
        }
        stream.set_read_timeout(None)?;
        let (mut length, mut close, mut line) = (0, false, String::new());
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let lower = line.trim().to_ascii_lowercase();
            if lower.is_empty() {
                break;
            }
            length = lower
                .strip_prefix("content-length: ")
                .map_or(length, |text| text.parse().unwrap_or(0));
            close |= lower == "connection: close";
        }
        std::io::copy(&mut (&mut reader).take(length), &mut std::io::sink())?;
        crate::takes(answer);
        close |= state.draining.load(Ordering::SeqCst);
        let how = if close { "close" } else { "keep-alive" };
        let mut writer = stream;
        write!(
            writer,
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: {how}\r\n\r\nok\n"
        )?;
        if close {
            return Ok(());
        }
    }
}

impl Server {
    /// Takes no more connections, and waits until those that are open have had their answers.
    #[allow(clippy::disallowed_methods)]
    pub fn drain(&self) {
        self.state.draining.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        while self.state.open.load(Ordering::SeqCst) > 0 {
            std::thread::sleep(LOOK);
        }
    }
}
