//! What both servers of this lab share: a configuration that is validated before it is used, and a log file
//! that can be opened anew. Nothing here knows about signals.

pub mod config;
pub mod log;
