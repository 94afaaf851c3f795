//! The init beside the real dumb-init, and what it does beyond that.

mod dumb_init;
mod features;
mod run;
mod terminal;
