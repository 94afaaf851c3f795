//! What is on disk: containers, images, names, logs, events.
//! Every change of a file here is whole or has not happened.
//! It may call: the single files.

pub(crate) mod config;
pub(crate) mod container;
pub(crate) mod disk;
pub(crate) mod events;
pub(crate) mod files;
pub(crate) mod image;
pub(crate) mod log;
pub(crate) mod names;
pub(crate) mod view;
