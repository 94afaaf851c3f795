//! One file a command: its flags, and what it does.
//! This is where a command line becomes actions.
//! It may call: every room below.

pub(crate) mod about;
pub(crate) mod create;
pub(crate) mod exec;
pub(crate) mod follow;
pub(crate) mod foreground;
pub(crate) mod inspect;
pub(crate) mod lifecycle;
pub(crate) mod list;
pub(crate) mod manage;
pub(crate) mod show;
pub(crate) mod table;
pub(crate) mod top;
