//! Processes, interrupts, locks, the sweep, this machine, the lowest level of printing.
//! It knows nothing of books or engines.
//! It may call: no other room.

pub(crate) mod checkout;
pub(crate) mod copy;
pub(crate) mod interrupt;
pub(crate) mod lock;
pub(crate) mod machine;
pub(crate) mod print;
pub(crate) mod process;
pub(crate) mod sweep;
pub(crate) mod wait;
