//! The book as data: course, chapter, fence, source, matching.
//! Nothing here starts anything.
//! It may call: `system`.

pub(crate) mod course;
pub(crate) mod fence;
pub(crate) mod matching;
pub(crate) mod mutants;
pub(crate) mod page;
pub(crate) mod reader;
pub(crate) mod source;
pub(crate) mod steps;
