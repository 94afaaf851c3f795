//! What you typed: the process in your terminal, and the terminal itself.
//! It shows what the container writes, and hands on what you type and the signals that reach it.
//! It may call: `monitor` and below.

pub(crate) mod relay;
pub(crate) mod terminal;
