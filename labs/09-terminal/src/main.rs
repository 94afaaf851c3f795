//! `09-terminal [NAME]`: says which session, group and terminal it has, then logs every signal
//! and who sent it, and every line that is typed. SIGTERM and SIGQUIT end it.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::{env, thread};

use anyhow::Result;
use nix::libc;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::SignalFd;
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use nix::unistd::{getpgrp, getpid, getsid, tcgetpgrp};

fn main() -> Result<()> {
    let name = env::args().nth(1).unwrap_or_else(|| "app".to_owned());

    // Held back, and read from a file descriptor: it tells where each one comes from.
    // Two are left out. SIGWINCH: terminals send it whenever they like. SIGCONT: the kernel
    // sends it behind the SIGHUP of a terminal that has gone, and a client may hand it on
    // first. Our answer, which it can write nowhere, would end it, and SIGHUP be lost.
    let signals: SigSet = Signal::iterator()
        .filter(|&signal| signal != Signal::SIGWINCH && signal != Signal::SIGCONT)
        .collect();
    signals.thread_block()?;
    let fd = SignalFd::new(&signals)?;

    echo_off()?;
    println!("{name}: ready as {}", place()?);

    let reader = name.clone();
    thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            println!("{reader}: read {line:?}");
        }
    });

    // ANCHOR: signals
    while let Some(info) = fd.read_signal()? {
        let signal = Signal::try_from(info.ssi_signo.cast_signed())?;
        let sender = match info.ssi_code {
            libc::SI_KERNEL => "the kernel",
            _ => "a process",
        };
        // One write(2) a line, so that processes which
        // share a log do not mix theirs.
        let line = format!("{name}: got {signal} from {sender}\n");
        io::stderr().write_all(line.as_bytes())?;
        if matches!(signal, Signal::SIGTERM | Signal::SIGQUIT) {
            break;
        }
    }
    // ANCHOR_END: signals
    Ok(())
}

// ANCHOR: place
/// Every process is in one group, every group in one session. A session has one
/// terminal or none; of its groups, one is in the terminal's foreground.
fn place() -> Result<String> {
    let (pid, session, group) = (getpid(), getsid(None)?, getpgrp());
    // Whatever our standard streams are, /dev/tty is the terminal of our session.
    let terminal = match File::open("/dev/tty") {
        Ok(tty) => format!("foreground group {}", tcgetpgrp(tty)?),
        Err(_) => "no terminal".to_owned(),
    };
    Ok(format!(
        "PID {pid}, session {session}, group {group}, {terminal}"
    ))
}
// ANCHOR_END: place

/// Keys are not to show up in the middle of what we print.
fn echo_off() -> Result<()> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        let mut settings = tcgetattr(&stdin)?;
        settings.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&stdin, SetArg::TCSANOW, &settings)?;
    }
    Ok(())
}
