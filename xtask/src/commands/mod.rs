//! One file a subcommand: what `cargo xtask` can be asked for.
//! Each turns its arguments into a verdict.
//! It may call: every room below.

pub(crate) mod clean;
pub(crate) mod doctor;
pub(crate) mod lab;
pub(crate) mod shell;
