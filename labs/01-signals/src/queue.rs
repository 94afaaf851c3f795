//! Standard signals do not queue, real-time signals do: send either COUNT times while it is blocked,
//! and count the deliveries.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use nix::libc::{SIGRTMIN, SIGUSR1};
use nix::sys::signal::SigSet;
use signal_hook::low_level::{raise, register};

use crate::state;

// ANCHOR: queue
#[allow(unsafe_code)]
pub(crate) fn run(count: usize) -> io::Result<()> {
    for (name, signal) in [("SIGUSR1", SIGUSR1), ("SIGRTMIN", SIGRTMIN())] {
        let deliveries = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&deliveries);
        // SAFETY: the handler adds to an atomic, and nothing else.
        unsafe { register(signal, move || _ = counter.fetch_add(1, Relaxed)) }?;

        SigSet::all().thread_block()?;
        for _ in 0..count {
            raise(signal)?;
        }
        println!("{name}: sent {count} times while blocked");
        state::show(&["SigQ", "SigPnd"])?;

        // What is pending is delivered before this call returns.
        SigSet::all().thread_unblock()?;
        println!("{name}: delivered {}", deliveries.load(Relaxed));
    }
    Ok(())
}
// ANCHOR_END: queue
