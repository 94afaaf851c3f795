//! Wrong: a broken file is as good as an empty one: the greeting is gone.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use lab_07_reload::config::Config;
use signal_hook::consts::{SIGHUP, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

fn main() -> Result<ExitCode> {
    let path: PathBuf = std::env::args_os()
        .nth(1)
        .context("usage: 07-solution CONFIG")?
        .into();
    let mut signals = Signals::new([SIGHUP, SIGUSR1, SIGTERM])?;
    let mut config = Config::read(&path)?;
    println!("ready");
    for signal in signals.forever() {
        match signal {
            // A broken file is somebody's typing error, not our end: report it, keep what works.
            SIGHUP => match Config::read(&path) {
                Ok(new) => {
                    config = new;
                    println!("reloaded");
                }
                Err(error) => {
                    config.greeting.clear();
                    println!("not reloaded: {}", format!("{error:#}").replace('\n', " "));
                }
            },
            SIGUSR1 => println!("{}", config.greeting),
            _ => break,
        }
    }
    Ok(ExitCode::from(143))
}
