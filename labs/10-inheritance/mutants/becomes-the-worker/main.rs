//! Wrong: it becomes the worker, so the worker stops well and there is no supervisor.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

fn main() -> io::Result<()> {
    Err(Command::new("/worker").exec())
}
