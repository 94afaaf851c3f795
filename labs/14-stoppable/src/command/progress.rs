//! Which experiments are under way, on the terminal's standard error.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::probe::plan::{Probe, Progress};

/// A line that tells; nothing where standard error is no terminal.
pub struct Line {
    bar: ProgressBar,
    running: Mutex<BTreeSet<Probe>>,
}

impl Line {
    /// Begins.
    pub fn new() -> Line {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Line {
            bar,
            running: Mutex::default(),
        }
    }

    /// Something that is no experiment.
    pub fn say(&self, words: &str) {
        self.bar.set_message(words.to_owned());
    }

    /// Takes the line away.
    pub fn done(&self) {
        self.bar.finish_and_clear();
    }

    fn change(&self, change: impl Fn(&mut BTreeSet<Probe>)) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut running);
        let names: Vec<&str> = running.iter().map(|probe| probe.name()).collect();
        self.bar
            .set_message(format!("under way: {}", names.join(", ")));
    }
}

impl Default for Line {
    fn default() -> Line {
        Line::new()
    }
}

impl Progress for Line {
    fn begin(&self, probe: Probe) {
        self.change(|running| _ = running.insert(probe));
    }

    fn end(&self, probe: Probe) {
        self.change(|running| _ = running.remove(&probe));
    }
}
