//! `10-launch spawn|exec|raw COMMAND...`: three ways for a Rust program to start another one.

use std::env;
use std::error::Error;
use std::ffi::CString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::unistd::execvp;

// ANCHOR: launch
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [way, program, options @ ..] = arguments.as_slice() else {
        return Err("usage: 10-launch spawn|exec|raw COMMAND...".into());
    };
    match way.as_str() {
        // A child.
        "spawn" => _ = Command::new(program).args(options).status()?,
        // In our place. `exec` comes back only if that failed.
        "exec" => return Err(Command::new(program).args(options).exec().into()),
        // In our place, by the system call and nothing else.
        "raw" => {
            let command: Vec<CString> = arguments[1..]
                .iter()
                .map(|argument| CString::new(argument.as_str()))
                .collect::<Result<_, _>>()?;
            execvp(&command[0], &command)?;
        }
        _ => return Err(format!("{way}: no such way").into()),
    }
    Ok(())
}
// ANCHOR_END: launch
