//! Wrong: when it is woken it looks at the signal alone, and polls again.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use signal_hook::consts::SIGTERM;
use signal_hook::low_level::pipe;

fn main() -> io::Result<()> {
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
    }
    println!("stopped");
    Ok(())
}
