//! Whatever `docker` is on PATH: images, containers, the tracer's helper container, and that nothing of ours is left.
//! It may call: every room below.

pub mod cleanup;
pub mod clients;
pub mod command;
pub mod container;
pub mod helper;
pub mod image;
pub mod names;
pub mod watch;
