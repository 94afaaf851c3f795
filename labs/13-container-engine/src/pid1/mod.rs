//! How PID 1 is made. This is the engine: read it on its own, in this order, in one evening.
//!
//! 1. [`namespaces`] makes a process that is alone, and enters where one is; [`join`] makes one that
//!    is not quite alone.
//! 2. [`process`] is that process's way, from its first instant to its program. The steps of the way:
//! 3. [`rootfs`] builds a root and moves into it, out of the upper layer of [`layers`], what [`overlay`] puts below it, and
//!    the devices and kernel file systems of [`devices`], and the names of [`etc`]; [`network`] switches on the loopback.
//! 4. [`stdio`] connects input and output, or opens a terminal.
//! 5. [`users`] looks up who it is to be, [`credentials`] becomes it.
//! 6. [`slate`] makes signals as they are after boot.
//! 7. [`program`] finds the program and becomes it; with `--init`, that is [`init`].
//!
//! It may call: `store` and the single files.

pub(crate) mod credentials;
pub(crate) mod devices;
pub(crate) mod etc;
pub(crate) mod init;
pub(crate) mod join;
pub(crate) mod layers;
pub(crate) mod namespaces;
pub(crate) mod network;
pub(crate) mod overlay;
pub(crate) mod process;
pub(crate) mod program;
pub(crate) mod rootfs;
pub(crate) mod slate;
pub(crate) mod stdio;
pub(crate) mod users;

use std::io;

use crate::error::{StartError, plain};

/// Says which step of the way failed: "cannot `what`: the system's reason".
trait Step<T> {
    fn step(self, what: &str) -> Result<T, StartError>;
}

impl<T, E: Into<io::Error>> Step<T> for Result<T, E> {
    fn step(self, what: &str) -> Result<T, StartError> {
        self.map_err(|error| StartError::engine(format!("cannot {what}: {}", plain(error.into()))))
    }
}
