//! The clean slate of signals that every process in a container starts from.

use nix::libc;

use crate::signal::RTMAX;

// ANCHOR: clean_slate
/// Gives the calling process the signal state of a fresh boot: nothing ignored,
/// nothing blocked.
///
/// `execve(2)` turns handlers back into defaults, but what is *ignored* or
/// *blocked* stays so. Rust ignores SIGPIPE before `main`, and whoever started us
/// may have ignored or blocked more. A container must not inherit any of it.
///
/// The two system calls are made directly: the C library refuses to touch signals
/// 32 and 33, which it keeps for its threads, but the program that we are about to
/// become may be no C program.
#[allow(unsafe_code)]
pub(crate) fn wipe() {
    // A `struct sigaction` of the kernel's (handler, flags, restorer, mask) in
    // zeros: SIG_DFL.
    let default = [0_u64; 4];
    let nothing = 0_u64;
    for signal in 1..=RTMAX {
        // SAFETY: the kernel reads at most 32 bytes of `default`. SIGKILL and
        // SIGSTOP fail with EINVAL: they cannot be anything but default.
        unsafe {
            libc::syscall(libc::SYS_rt_sigaction, signal, &raw const default, 0, 8);
        }
    }
    // SAFETY: the kernel reads a mask of 8 bytes, one bit for each of the 64
    // signals.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_SETMASK,
            &raw const nothing,
            0,
            8,
        )
    };
}
// ANCHOR_END: clean_slate
