//! What pocket does beyond printing what Docker prints, as root and as an ordinary user.

#[path = "../common/mod.rs"]
mod common;

mod build;
mod command_line;
mod engine;
mod lifecycle;
mod pid1;
