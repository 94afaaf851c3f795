//! The session's bash as a process: a session of its own, and nothing inherited that a prompt has not.

use std::ffi::OsString;
use std::io::PipeReader;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{SigSet, Signal};

/// Starts bash with `script` in `folder`, with `environment` added to ours. What it prints, on either output, comes
/// out of the pipe, which never blocks.
pub fn start(
    script: &str,
    folder: &Path,
    environment: &[(OsString, OsString)],
) -> Result<(Child, PipeReader)> {
    let (output, writer) = std::io::pipe().context("cannot make a pipe")?;
    let mut command = Command::new("bash");
    command
        .args(["--noprofile", "--norc", "-c", script, "bash"])
        .current_dir(folder)
        .env_remove("BASH_ENV")
        .env_remove("ENV")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(writer.try_clone().context("cannot copy a descriptor")?)
        .stderr(writer);
    own_session(&mut command);
    let bash = command.spawn().context("cannot run bash")?;
    fcntl(&output, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok((bash, output))
}

/// A session without a terminal (or `set -m` would fight over ours), which ends when we do, and which begins
/// with every disposition at its default and an empty mask: exec keeps both (signal(7)), and what our own parents
/// ignored or blocked is no business of the book's.
#[allow(unsafe_code)]
fn own_session(command: &mut Command) {
    // SAFETY: between fork and exec only async-signal-safe functions may run (signal-safety(7)): setsid, prctl,
    // rt_sigaction and pthread_sigmask are bare system calls and nothing here allocates. PR_SET_PDEATHSIG is kept
    // by exec, so a SIGKILL of the runner ends bash too; it belongs to the thread that forked, which runs the
    // session to its end.
    unsafe {
        command.pre_exec(|| {
            nix::unistd::setsid()?;
            nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
            // The kernel's own struct: all zero is SIG_DFL, no flags, empty mask, on every architecture. The C
            // library's sigaction() would refuse 32 and 33, which it keeps for itself. SIGKILL and SIGSTOP are
            // refused (EINVAL) and need no reset.
            let default = [0u64; 8];
            for signal in 1..=64 {
                let null = std::ptr::null_mut::<u64>();
                nix::libc::syscall(
                    nix::libc::SYS_rt_sigaction,
                    signal,
                    default.as_ptr(),
                    null,
                    8,
                );
            }
            // Last: what is pending must not meet a disposition of our parents'.
            SigSet::empty().thread_set_mask()?;
            Ok(())
        });
    }
}
