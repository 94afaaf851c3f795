//! From a Dockerfile to an image.
//! Text: lines, words, arguments, dockerfile, which makes steps of them. Files: pattern, ignore, context, copy.
//! It may call: `store` and the single files.

pub(crate) mod arguments;
pub(crate) mod context;
pub(crate) mod copy;
pub(crate) mod dockerfile;
pub(crate) mod ignore;
pub(crate) mod lines;
pub(crate) mod pattern;
pub(crate) mod refusal;
pub(crate) mod step;
pub(crate) mod steps;
pub(crate) mod words;
