//! Who sent which signal to whom, and what came of it: ptrace(2) and /proc.
//! Knows nothing of engines: it works on the processes of the PID namespace that it runs in.
//! It may call: no other room.

pub mod attach;
pub mod delivery;
pub mod event;
pub mod fetch;
pub mod look;
pub mod ports;
pub mod process;
pub mod request;
pub mod sender;
pub mod set;
pub mod status;
pub mod stops;
pub mod sys;
pub mod tracer;
