//! Who sent a signal.

use serde::{Deserialize, Serialize};

/// `si_code`, `si_pid` and `si_uid`, sigaction(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// 0 kill(2), -6 tgkill(2), above 0 the kernel itself.
    pub code: i32,
    /// 0 when the sender is outside of the PID namespace, or the kernel.
    pub pid: i32,
    /// Its user.
    pub uid: u32,
}

impl Sender {
    /// Nobody of this PID namespace, and not the kernel: an engine, a `docker kill`.
    pub fn outside(self) -> bool {
        self.pid == 0 && !self.kernel()
    }

    /// The kernel itself: a terminal, a fault, a broken pipe, a timer. What a timer's signal has in the place of the pid is
    /// the timer's number.
    pub fn kernel(self) -> bool {
        self.code == SI_TIMER || (self.code > 0 && self.pid == 0)
    }
}

/// The signal of a POSIX timer, `timer_create(2)` (include/uapi/asm-generic/siginfo.h).
const SI_TIMER: i32 = -2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timers_signal_comes_from_the_kernel() {
        let sender = |code, pid| Sender { code, pid, uid: 0 };
        assert!(sender(SI_TIMER, 0).kernel() && sender(SI_TIMER, 1).kernel());
        assert!(sender(0x80, 0).kernel() && !sender(0x80, 0).outside());
        assert!(sender(0, 0).outside() && !sender(0, 0).kernel());
        assert!(!sender(-6, 1).kernel() && !sender(-6, 1).outside());
        // SIGCHLD: the kernel sends it for a child.
        assert!(!sender(1, 7).kernel());
    }
}
