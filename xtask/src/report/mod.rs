//! What a run found, as data; text and JSON render it, JUnit's program reads the JSON.
//! The verdict is computed here, once.
//! It may call: `chapter` and below.

pub(crate) mod event;
pub(crate) mod json;
pub(crate) mod outcome;
pub(crate) mod text;
pub(crate) mod verdict;
