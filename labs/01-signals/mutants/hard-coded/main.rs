//! Wrong: it says what the chapter shows, whatever the jobs are called.

use std::fs;
use std::io;

use signal_hook::consts::{SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

fn main() -> io::Result<()> {
    fs::create_dir_all("/tmp/spool")?;
    let mut signals = Signals::new([SIGUSR1, SIGTERM])?;
    println!("ready");
    let mut done = 0;
    for signal in &mut signals {
        if signal == SIGTERM {
            break;
        }
        for job in fs::read_dir("/tmp/spool")? {
            fs::remove_file(job?.path())?;
        }
        done += 1;
        println!("job {done}");
    }
    for job in done + 1..=6 {
        println!("job {job}");
    }
    println!("stopped: 6 done, 0 left");
    Ok(())
}
