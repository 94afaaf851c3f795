//! One run: its labs, their order, the bash session of each, the screen.
//! From a chapter and an engine to an outcome.
//! It may call: `engine` and below.

pub(crate) mod jobs;
pub(crate) mod lab;
pub(crate) mod resources;
pub(crate) mod screen;
pub(crate) mod session;
