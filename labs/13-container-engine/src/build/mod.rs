//! From a Dockerfile to an image.
//! Text, words, steps.
//! It may call: `store` and the single files.

pub(crate) mod dockerfile;
pub(crate) mod steps;
pub(crate) mod words;
