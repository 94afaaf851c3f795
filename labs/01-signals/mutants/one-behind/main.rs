//! Wrong: it notes a signal and does the work of it when the next one comes.

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

    let (mut done, mut work) = (0, false);
    for signal in &mut signals {
        if signal == SIGTERM {
            break;
        }
        if work {
            done += empty_spool()?;
        }
        work = true;
    }
    println!("stopped: {done} done, {} left", jobs()?.len());
    Ok(())
}

/// A signal says that there is work; how much there is, only the spool knows. A job that comes in
/// after the last look has sent its signal after it, too, so there will be another look.
fn empty_spool() -> io::Result<usize> {
    let mut done = 0;
    loop {
        let jobs = jobs()?;
        if jobs.is_empty() {
            return Ok(done);
        }
        for job in &jobs {
            process(job)?;
        }
        done += jobs.len();
    }
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
