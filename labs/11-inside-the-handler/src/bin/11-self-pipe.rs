//! The self-pipe: the handler writes a byte into a pipe, and `main` reads it like any other input.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::sync::OnceLock;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc::c_int;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::{pipe2, write};

// ANCHOR: way
static PIPE: OnceLock<OwnedFd> = OnceLock::new();

extern "C" fn handler(signal: c_int) {
    let errno = Errno::last_raw(); // main may be about to read it
    if let Some(pipe) = PIPE.get() {
        let _ = write(pipe, &[signal as u8]); // full? then main has enough to read
    }
    Errno::set_raw(errno);
}

#[allow(unsafe_code)]
fn main() -> io::Result<()> {
    let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?; // handlers must not wait
    PIPE.get_or_init(|| writer);
    let action = SigAction::new(
        SigHandler::Handler(handler),
        SaFlags::SA_RESTART,
        SigSet::empty(),
    );
    for signal in [Signal::SIGHUP, Signal::SIGTERM] {
        // SAFETY: the handler calls write(2) and reads an atomic pointer.
        unsafe { sigaction(signal, &action) }?;
    }
    println!("ready");

    let mut reader = File::from(reader);
    let mut byte = [0];
    loop {
        reader.read_exact(&mut byte)?;
        match Signal::try_from(c_int::from(byte[0]))? {
            Signal::SIGHUP => println!("reload"),
            _ => break,
        }
    }
    println!("stop");
    Ok(())
}
// ANCHOR_END: way
