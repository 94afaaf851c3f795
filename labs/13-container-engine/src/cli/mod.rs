//! Docker's command line: flags, templates, tables. It knows how things are asked for and shown, and nothing of
//! containers.
//! It may call: the single files.

pub(crate) mod flags;
pub(crate) mod parse;
pub(crate) mod template;
