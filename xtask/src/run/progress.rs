//! How far a run is: bars on a terminal, a line a lab elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::system::print::complain;

/// Progress on standard error: bars on a terminal, a line a lab elsewhere.
pub struct Board {
    bars: Option<MultiProgress>,
    lines: bool,
}

/// One thing that goes on.
pub struct Bar {
    bar: Option<ProgressBar>,
    prefix: String,
}

impl Board {
    /// A board for one lab or for several.
    pub fn new(several: bool) -> Board {
        let terminal = std::io::stderr().is_terminal();
        Board {
            bars: terminal.then(MultiProgress::new),
            lines: several && !terminal,
        }
    }

    /// One more bar; it goes when it is dropped.
    pub fn bar(&self, prefix: &str) -> Bar {
        if self.lines {
            complain(&format!("{prefix} ...\n"));
        }
        let bar = self.bars.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
                bar.set_style(style);
            }
            bar.set_message(prefix.to_owned());
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Bar {
            bar,
            prefix: prefix.to_owned(),
        }
    }

    /// Prints without a bar in the way.
    pub fn suspend(&self, print: impl FnOnce()) {
        match &self.bars {
            Some(bars) => bars.suspend(print),
            None => print(),
        }
    }
}

impl Bar {
    /// What is going on.
    pub fn say(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{} {what}", self.prefix));
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
