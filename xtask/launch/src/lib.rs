//! What the launcher and the runner both know: which folder a checkout's programs are built in, how cargo is asked to
//! build them, and whether it needs to be asked at all.

mod build;
mod freshness;
mod target;
mod tested;

pub use build::{Build, PROFILE, programs};
pub use target::target_folder;
pub use tested::program_under_test;
