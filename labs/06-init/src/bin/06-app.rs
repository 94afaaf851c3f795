//! `app [detached] [SECONDS]`: a server that leaves before its worker has finished.
//!
//! Both end on SIGTERM: the server at once, the worker when its work is done, which takes a second
//! or SECONDS. `detached`: the worker has a session of its own, as a daemon has.

use std::env;
use std::error::Error;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal};
use nix::unistd;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    // Blocked before the worker says "ready": it cannot come too early.
    let mut term = SigSet::empty();
    term.add(Signal::SIGTERM);
    term.thread_block()?;

    let mut args = env::args().skip(1).peekable();
    match args.next_if_eq("worker") {
        Some(_) => worker(&term, args),
        None => server(&term, args),
    }
}

// ANCHOR: app
fn server(term: &SigSet, args: impl Iterator<Item = String>) -> Outcome {
    Command::new(env::current_exe()?)
        .arg("worker")
        .args(args)
        .spawn()?;
    term.wait()?;
    println!("server: done");
    Ok(())
}

fn worker(term: &SigSet, args: impl Iterator<Item = String>) -> Outcome {
    let mut work = Duration::from_secs(1);
    for arg in args {
        match arg.as_str() {
            "detached" => drop(unistd::setsid()?),
            seconds => work = Duration::from_secs(seconds.parse()?),
        }
    }
    println!("ready");
    term.wait()?;
    #[expect(clippy::disallowed_methods, reason = "this is the work")]
    std::thread::sleep(work);
    println!("worker: done");
    Ok(())
}
// ANCHOR_END: app
