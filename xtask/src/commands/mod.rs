//! One file a subcommand: its flags, and what it does. (flags, session, junit: what several share.)
//! Each turns its arguments into a verdict.
//! It may call: every room below.

pub(crate) mod audit;
pub(crate) mod book;
pub(crate) mod clean;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod exercise;
pub(crate) mod flags;
pub(crate) mod hand_over;
pub(crate) mod junit;
pub(crate) mod lab;
pub(crate) mod list;
pub(crate) mod new;
pub(crate) mod pack;
pub(crate) mod programs;
pub(crate) mod session;
pub(crate) mod shell;
pub(crate) mod tidy;
pub(crate) mod workshop;
