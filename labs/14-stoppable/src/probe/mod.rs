//! Experiments, each with a clean container: what was done to it, and what came of it.
//! It may call: every room below.

pub mod crash;
pub mod early;
pub mod init;
pub mod interrupt;
pub mod lane;
pub mod observation;
pub mod patient;
pub mod plan;
pub mod ready;
pub mod requests;
pub mod session;
pub mod stop;
pub mod twice;
