//! Wrong: it stops by itself, and says that a signal has killed it.

use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use signal_hook::consts::SIGTERM;
use signal_hook::low_level::pipe;

fn main() -> io::Result<ExitCode> {
    let (signals, writer) = UnixStream::pair()?;
    pipe::register(SIGTERM, writer)?;

    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 8080))?;
    // A client may be gone before its turn comes. Then `accept` must not wait for the next one.
    listener.set_nonblocking(true)?;
    println!("listening");
    loop {
        let mut inputs = [
            PollFd::new(&signals, PollFlags::IN),
            PollFd::new(&listener, PollFlags::IN),
        ];
        match poll(&mut inputs, None) {
            Err(Errno::INTR) => continue, // poll is never restarted
            result => result?,
        };
        if !inputs[0].revents().is_empty() {
            break;
        }
        match listener.accept() {
            // A client that has left again is no error of ours.
            Ok((mut client, _)) => _ = client.write_all(b"hello\n"),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    println!("stopped");
    Ok(ExitCode::from(143))
}
