//! What the command line can ask for, one file a command.
//! It may call: every room below.

pub mod check;
pub mod draw;
pub mod explain;
pub mod list;
pub mod progress;
pub mod prove;
pub mod trace;
pub mod write;
