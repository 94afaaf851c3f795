//! What pocket does beyond printing what Docker prints, as root and as an ordinary user.

#[path = "../common/mod.rs"]
mod common;

mod build;
mod client;
mod command_line;
mod exec;
mod init;
mod isolation;
mod lifecycle;
mod monitor;
mod pid1;
mod ports;
mod processes;
mod records;
mod terminal;
