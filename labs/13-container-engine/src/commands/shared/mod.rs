//! What several commands do alike, a file for each matter.
//! It may call: every room below the commands.

pub(crate) mod asked;
pub(crate) mod attached;
pub(crate) mod begin;
pub(crate) mod container;
pub(crate) mod describe;
pub(crate) mod each;
pub(crate) mod ending;
pub(crate) mod environment;
pub(crate) mod filter;
pub(crate) mod grace;
pub(crate) mod machine;
pub(crate) mod selection;
pub(crate) mod watch;
pub(crate) mod wishes;
