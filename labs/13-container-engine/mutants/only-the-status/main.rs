//! Wrong: the statuses are right, and the program still ignores SIGPIPE.

use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, execvp, fork};

#[allow(unsafe_code)]
fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let arguments: Vec<CString> = std::env::args_os()
        .skip(1)
        .map(|argument| CString::new(argument.into_vec()))
        .collect::<Result<_, _>>()?;
    let program = arguments
        .first()
        .ok_or("usage: 13-solution PROGRAM [ARGUMENT...]")?;

    // SAFETY: there is one thread, and the child only calls what is async-signal-safe before it executes.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let error = execvp(program, &arguments).unwrap_err();
            eprintln!("{}: {error}", program.to_string_lossy());
            Ok(ExitCode::from(if error == Errno::ENOENT {
                127
            } else {
                126
            }))
        }
        ForkResult::Parent { child } => match waitpid(child, None)? {
            WaitStatus::Exited(_, code) => Ok(ExitCode::from(u8::try_from(code)?)),
            WaitStatus::Signaled(_, signal, _) => Ok(ExitCode::from(128 + signal as u8)),
            other => Err(format!("cannot happen without WUNTRACED: {other:?}").into()),
        },
    }
}
