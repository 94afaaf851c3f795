//! A mask belongs to a thread. Who inherits it: the threads and the processes that this thread starts.

use std::error::Error;
use std::process::Command;
use std::sync::Barrier;
use std::thread;

use nix::sys::signal::{SigSet, Signal};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

// ANCHOR: threads
fn main() -> Outcome {
    let blocked = Barrier::new(2);
    thread::scope(|scope| {
        let early = scope.spawn(|| {
            blocked.wait(); // until main has its mask
            report("an older thread")
        });
        SigSet::from(Signal::SIGTERM).thread_block()?;
        blocked.wait();
        early.join().expect("it does not panic")?;

        report("main, which blocks SIGTERM")?;
        let late = scope.spawn(|| report("a younger thread"));
        late.join().expect("it does not panic")
    })
}

/// Says whether this thread blocks SIGTERM, and whether a
/// process started by it does.
fn report(name: &str) -> Outcome {
    let mask = SigSet::thread_get_mask()?;
    let child = Command::new("grep")
        .args(["SigBlk", "/proc/self/status"])
        .output()?;
    let blocked = mask.contains(Signal::SIGTERM);
    println!("{name}: {}", if blocked { "blocked" } else { "open" });
    print!("  its child: {}", String::from_utf8(child.stdout)?);
    Ok(())
}
// ANCHOR_END: threads
