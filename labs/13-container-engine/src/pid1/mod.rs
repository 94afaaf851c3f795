//! How PID 1 is made: namespaces, file system, credentials, a clean slate of signals, `execve`.
//! This is the engine; read it on its own, top to bottom.
//! It may call: `store` and the single files.

pub(crate) mod child;
pub(crate) mod credentials;
pub(crate) mod init;
pub(crate) mod namespace;
pub(crate) mod rootfs;
