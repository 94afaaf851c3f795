//! The configuration file: read, validated, and only then handed out.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What a client is told.
    pub greeting: String,
}

// ANCHOR: read
impl Config {
    /// Reads the file and checks it; an error names the file and what is wrong with it.
    pub fn read(path: &Path) -> Result<Config> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let config: Config = toml::from_str(&text).with_context(|| path.display().to_string())?;
        ensure!(
            !config.greeting.is_empty(),
            "{}: the greeting is empty",
            path.display()
        );
        Ok(config)
    }
}
// ANCHOR_END: read

// ANCHOR: current
/// The configuration in force. A request takes one [`Arc`] and keeps it to
/// its end; a reload puts another in its place. Nobody ever sees half of
/// one and half of the other.
#[derive(Debug)]
pub struct Current(RwLock<Arc<Config>>);

impl Current {
    /// Begins with `config`.
    pub fn new(config: Config) -> Current {
        Current(RwLock::new(Arc::new(config)))
    }

    /// The configuration for one request.
    pub fn get(&self) -> Arc<Config> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts `config` in force: one pointer changes, under a lock
    /// that nobody holds for longer.
    pub fn set(&self, config: Config) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }
}
// ANCHOR_END: current

/// What a SIGHUP asks for: read, validate, and only then replace. Says how it went.
pub fn reload(path: &Path, current: &Current) -> String {
    match Config::read(path) {
        Ok(config) => {
            let said = format!("reloaded: greeting {:?}", config.greeting);
            current.set(config);
            said
        }
        // One line, so that whoever waits for it in the log gets it whole.
        Err(error) => format!("not reloaded: {}", format!("{error:#}").replace('\n', " ")),
    }
}
