//! Wrong: it removes the jobs and counts them; nobody does them.

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

    // Jobs that came in before anyone listened have no signal any more.
    let mut done = empty_spool()?;
    for signal in &mut signals {
        if signal == SIGTERM {
            break;
        }
        done += empty_spool()?;
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
    fs::remove_file(job)
}
