//! Wrong: it says what the chapter shows, and has started nobody.

use anyhow::Result;
use lab_12_orchestrators::Inbox;
use nix::sys::signal::Signal::SIGTERM;

fn main() -> Result<()> {
    let mut inbox = Inbox::open([SIGTERM])?;
    println!("store: open\nwriter: open\nall ready");
    inbox.next_of([SIGTERM])?;
    println!("writer: the last record is handed over\nstore: closed with 1 record");
    Ok(())
}
