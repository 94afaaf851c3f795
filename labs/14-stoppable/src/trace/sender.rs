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
        self.pid == 0 && self.code <= 0
    }
}
