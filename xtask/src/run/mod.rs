//! One run: its labs, their order, the bash session of each, the screen.
//! From a chapter and an engine to an outcome.
//! It may call: `engine` and below.

pub(crate) mod bash;
pub(crate) mod decode;
pub(crate) mod driver;
pub(crate) mod hint;
pub(crate) mod job;
pub(crate) mod jobs;
pub(crate) mod lab;
pub(crate) mod options;
pub(crate) mod pictures;
pub(crate) mod progress;
pub(crate) mod refusal;
pub(crate) mod resources;
pub(crate) mod screen;
pub(crate) mod script;
pub(crate) mod session;
pub(crate) mod staging;
