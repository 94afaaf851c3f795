//! One program, the ways a Rust program can end. The first argument says which.

use std::env::args;
use std::error::Error;
use std::process::{ExitCode, abort};
use std::ptr::without_provenance;
use std::thread;

use signal_hook::low_level::raise;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let args: Vec<String> = args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();

    // ANCHOR: endings
    match args[..] {
        ["code", n] => return Ok(ExitCode::from(n.parse::<u8>()?)),
        ["error"] => return Err("the disk is full".into()),
        ["panic"] => panic!("an invariant is broken"),
        ["thread-panic"] => drop(thread::spawn(|| panic!("nobody reads")).join()),
        ["exit", n] => exit(n.parse()?),
        ["abort"] => abort(),
        ["fault"] => fault(),
        ["raise", signal] => raise(signal.parse()?)?,
        _ => return Err("which ending?".into()),
    }
    // ANCHOR_END: endings

    println!("still running: main returns");
    Ok(ExitCode::SUCCESS)
}

/// Ends at once: no destructor runs.
#[expect(clippy::disallowed_methods, reason = "this is the lab about it")]
fn exit(code: i32) -> ! {
    std::process::exit(code)
}

/// Reads from an address where nothing is mapped: the processor faults.
#[allow(unsafe_code)]
fn fault() {
    // SAFETY: none. This is the bug that the lab is about.
    unsafe { without_provenance::<u8>(8).read_volatile() };
}
