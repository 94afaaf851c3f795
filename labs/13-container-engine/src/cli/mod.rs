//! Docker's command line: flags, templates, tables. It knows how things are asked for and shown, and nothing of
//! containers.
//! It may call: the single files.

pub(crate) mod command;
pub(crate) mod entry;
pub(crate) mod flag;
pub(crate) mod format;
pub(crate) mod parse;
pub(crate) mod since;
pub(crate) mod table;
pub(crate) mod template;
