//! `orphans N`: makes N orphans, says who has adopted them, lets them end, and counts the zombies of
//! whoever that is (with N = 0, of PID 1).

use std::env;
use std::error::Error;
use std::time::Duration;

use nix::unistd::Pid;

use lab_06_init::orphans::{Orphans, zombies};

/// Long enough for any init to reap, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(2);

fn main() -> Result<(), Box<dyn Error>> {
    let count = env::args().nth(1).ok_or("how many?")?.parse()?;
    let Some(orphans) = Orphans::make(count)? else {
        return Ok(());
    };
    let mut parent = Pid::from_raw(1);
    if let Some(adopter) = orphans.parent() {
        println!(
            "orphans: {count}, adopted by PID {} ({})",
            adopter.pid, adopter.name
        );
        parent = adopter.pid;
    }
    orphans.end(parent);
    println!("zombies: {}", zombies(parent, PATIENCE));
    Ok(())
}
