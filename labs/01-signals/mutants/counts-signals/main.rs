//! Wrong: it counts the signals in the handler and does one job for each: five signals were one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use signal_hook::consts::{SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;
use signal_hook::low_level::register;

const SPOOL: &str = "/tmp/spool";

fn main() -> io::Result<()> {
    fs::create_dir_all(SPOOL)?;
    let mut signals = Signals::new([SIGUSR1, SIGTERM])?;
    let wanted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&wanted);
    // SAFETY: an atomic addition is async-signal-safe.
    #[allow(unsafe_code)]
    unsafe { register(SIGUSR1, move || _ = count.fetch_add(1, SeqCst)) }?;
    println!("ready");

    let mut done = 0;
    for signal in &mut signals {
        if signal == SIGTERM {
            break;
        }
        for job in jobs()?.iter().take(wanted.swap(0, SeqCst)) {
            process(job)?;
            done += 1;
        }
    }
    println!("stopped: {done} done, {} left", jobs()?.len());
    Ok(())
}

/// The jobs in the spool, in the order of their names.
fn jobs() -> io::Result<Vec<PathBuf>> {
    let mut jobs = fs::read_dir(SPOOL)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    jobs.sort();
    Ok(jobs)
}

fn process(job: &Path) -> io::Result<()> {
    println!("job {}", job.file_name().unwrap_or_default().display());
    fs::remove_file(job)
}
