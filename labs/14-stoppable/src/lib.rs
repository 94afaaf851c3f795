//! What happens to the signals of a container: watched from inside its PID namespace, explained, mended and proved.

pub mod command;
pub mod engine;
pub mod finding;
pub mod probe;
pub mod report;
pub mod trace;
