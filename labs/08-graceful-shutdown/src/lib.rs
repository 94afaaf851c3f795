//! The server that the programs of this lab share. They differ in how they stop it.

mod app;
mod connection;
mod job;
mod signals;

pub use app::App;
pub use connection::{accept, listener};
pub use job::save_hits;
pub use signals::Signals;
