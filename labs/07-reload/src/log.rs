//! A log file that can be opened anew under its own name, for whoever rotates it.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// The access log.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: Mutex<File>,
    debug: AtomicBool,
}

impl Log {
    /// Opens the file at `path`, at its end.
    pub fn open(path: PathBuf) -> io::Result<Log> {
        let file = append(&path)?;
        Ok(Log {
            path,
            file: Mutex::new(file),
            debug: AtomicBool::new(false),
        })
    }

    // ANCHOR: reopen
    /// Opens the path again. After `mv access.log access.log.1` the old file is still the one we write to: a
    /// descriptor belongs to a file, not to a name. Lines go to one file or the other, never to none.
    pub fn reopen(&self) -> io::Result<()> {
        let file = append(&self.path)?;
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = file;
        Ok(())
    }
    // ANCHOR_END: reopen

    /// Writes one line.
    pub fn line(&self, text: &str) -> io::Result<()> {
        // One write: a line is never split between two files, nor between two threads.
        self.file
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write_all(format!("{text}\n").as_bytes())
    }

    /// Writes one line if the level is debug.
    pub fn debug(&self, text: &str) -> io::Result<()> {
        if self.debug.load(Ordering::Relaxed) {
            self.line(text)
        } else {
            Ok(())
        }
    }

    /// Turns the level from info to debug or back; returns its new name.
    pub fn toggle(&self) -> &'static str {
        let was_debug = self.debug.fetch_xor(true, Ordering::Relaxed);
        if was_debug { "info" } else { "debug" }
    }
}

fn append(path: &PathBuf) -> io::Result<File> {
    File::options().create(true).append(true).open(path)
}
