//! A room of people who work through the exercises: who is where, who is stuck, how many have passed what.
//!
//! Learners send results and nothing else. The room keeps them in a SQLite file, so that a restart loses nothing.

mod learners;
mod limits;
mod page;
pub mod room;
pub mod serve;
