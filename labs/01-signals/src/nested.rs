//! What may interrupt a handler: the handler of SIGUSR1 sends SIGUSR1 and SIGUSR2 while it runs.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction};
use nix::unistd::write;

static DEPTH: AtomicUsize = AtomicUsize::new(0);
static SENT: AtomicBool = AtomicBool::new(false);

// ANCHOR: nested
extern "C" fn handler(number: i32) {
    let signal = Signal::try_from(number).expect("registered for known signals");
    DEPTH.fetch_add(1, Relaxed);
    say(signal, "begins");
    if signal == Signal::SIGUSR1 && !SENT.swap(true, Relaxed) {
        for other in [Signal::SIGUSR1, Signal::SIGUSR2] {
            say(other, "is sent");
            raise(other).expect("a thread may always signal itself");
        }
    }
    say(signal, "ends");
    DEPTH.fetch_sub(1, Relaxed);
}

/// `flags` and `mask` are what `sigaction` is told besides the handler.
#[allow(unsafe_code)]
pub(crate) fn run(flags: SaFlags, mask: SigSet) -> io::Result<()> {
    let action = SigAction::new(SigHandler::Handler(handler), flags, mask);
    for signal in [Signal::SIGUSR1, Signal::SIGUSR2] {
        // SAFETY: the handler calls nothing but write(2), raise(3) and atomics.
        unsafe { sigaction(signal, &action) }?;
    }
    say(Signal::SIGUSR1, "is sent");
    Ok(raise(Signal::SIGUSR1)?)
}
// ANCHOR_END: nested

/// Writes one line, indented by the depth of handlers. A handler must not take the lock that `println!`
/// takes, nor allocate: the line is put together on the stack. (`io::stdout()` allocates when it is first called.
/// That is in `run`, before the first signal.)
fn say(signal: Signal, what: &str) {
    let mut line = [b' '; 80];
    let indent = 2 * DEPTH.load(Relaxed);
    let mut rest = &mut line[indent..];
    let room = rest.len();
    writeln!(rest, "{signal} {what}").expect("fits into 80 bytes");
    let length = indent + room - rest.len();
    write(io::stdout(), &line[..length]).expect("stdout takes a line");
}
