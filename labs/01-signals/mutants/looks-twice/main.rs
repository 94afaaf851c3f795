//! Wrong: after a job it looks once more, with `if` where `while` belongs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use signal_hook::consts::{SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

const SPOOL: &str = "/tmp/spool";

fn main() -> io::Result<()> {
    fs::create_dir_all(SPOOL)?;
    let mut signals = Signals::new([SIGUSR1, SIGTERM])?;
    println!("ready");

    let mut done = 0;
    for signal in &mut signals {
        if signal == SIGTERM {
            break;
        }
        if let Some(job) = jobs()?.first() {
            process(job)?;
            done += 1;
        }
        // And one that came in meanwhile.
        if let Some(job) = jobs()?.first() {
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
