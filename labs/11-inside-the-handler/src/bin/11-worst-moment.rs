//! `11-worst-moment brk|write COMMAND...`: runs a command and sends it SIGTERM at a chosen moment:
//! in the first call of `brk` or `write` after it has installed a handler for SIGTERM.
//!
//! It watches the command's system calls by ptrace(2), as strace does, until that moment.

use std::env;
use std::error::Error;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitCode};

use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

#[allow(unsafe_code)]
fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [moment, program, options @ ..] = arguments.as_slice() else {
        return Err("usage: 11-worst-moment brk|write COMMAND...".into());
    };
    let moment = match moment.as_str() {
        "brk" => libc::SYS_brk,
        "write" => libc::SYS_write,
        _ => return Err(format!("{moment}: neither brk nor write").into()),
    };

    let mut command = Command::new(program);
    command.args(options);
    // SAFETY: between fork and exec, the closure makes one system call.
    unsafe { command.pre_exec(|| Ok(ptrace::traceme()?)) };
    let mut child = command.spawn()?;
    let pid = Pid::from_raw(child.id().try_into()?);

    // ANCHOR: moment
    waitpid(pid, None)?; // it stops at exec
    ptrace::setoptions(
        pid,
        Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_EXITKILL,
    )?;
    let mut handler = false;
    loop {
        ptrace::syscall(pid, None)?; // go on to the next system call
        let WaitStatus::PtraceSyscall(_) = waitpid(pid, None)? else {
            return Err("an end, or a signal, came before that moment".into());
        };
        let info = ptrace::syscall_info(pid)?;
        if info.op != libc::PTRACE_SYSCALL_INFO_ENTRY {
            continue; // the call returns
        }
        // SAFETY: `op` says which member of the union is there.
        let entry = unsafe { info.u.entry };
        let call = i64::try_from(entry.nr)?;
        // With a null pointer for the new action, sigaction
        // only asks for the old one.
        let sets = call == libc::SYS_rt_sigaction && entry.args[1] != 0;
        handler |= sets && entry.args[0] == Signal::SIGTERM as u64;
        if handler && call == moment {
            break;
        }
    }
    kill(pid, Signal::SIGTERM)?; // delivered when the call returns
    ptrace::detach(pid, None)?;
    // ANCHOR_END: moment

    let status = child.wait()?;
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    Ok(ExitCode::from(u8::try_from(code.unwrap_or(255))?))
}
