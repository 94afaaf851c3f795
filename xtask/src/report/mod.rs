//! What a run found, as data; text, JSON and JUnit render it.
//! The verdict is computed here, once.
//! It may call: `chapter` and below.

pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod outcome;
pub(crate) mod text;
pub(crate) mod verdict;
