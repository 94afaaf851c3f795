//! What the programs of this lab share.

pub mod orphans;
pub mod processes;
