//! For who writes the book: a new lab, the layout rules, the chapter rewritten with what happened.
//! Nothing here is needed to run a lab.
//! It may call: `run` and below.

pub(crate) mod bless;
pub(crate) mod new;
pub(crate) mod tidy;
