//! Wrong: it says what the chapter shows, and has read nothing.

use std::io;
use std::process::ExitCode;

use signal_hook::consts::{SIGHUP, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

fn main() -> io::Result<ExitCode> {
    let mut signals = Signals::new([SIGHUP, SIGUSR1, SIGTERM])?;
    let mut answers = ["reloaded", "not reloaded: broken"].into_iter().cycle();
    println!("ready");
    for signal in signals.forever() {
        match signal {
            SIGHUP => println!("{}", answers.next().unwrap_or_default()),
            SIGUSR1 => println!("good day"),
            _ => break,
        }
    }
    Ok(ExitCode::from(143))
}
