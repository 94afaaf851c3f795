//! `--signal` and `--timeout`: the flags of `stop` and `restart`.

use crate::cli::flag::{Flag, number_flag, text};
use crate::output::print;

/// How a container is to be asked, and how long to wait.
#[derive(Debug, Default)]
pub(crate) struct Grace {
    pub(crate) signal: Option<String>,
    timeout: Option<i64>,
    time: Option<i64>,
}

impl Grace {
    /// The flags that fill it, for the commands that have one.
    pub(crate) fn flags<C: AsMut<Self>>() -> Vec<Flag<C>> {
        vec![
            text(
                Some('s'),
                "signal",
                "Signal to send to the container",
                |flags: &mut C| &mut flags.as_mut().signal,
            ),
            number_flag(
                Some('t'),
                "timeout",
                "Seconds to wait before killing the container",
                |flags: &mut C| &mut flags.as_mut().timeout,
            ),
            number_flag(None, "time", "The same as --timeout", |flags: &mut C| {
                &mut flags.as_mut().time
            }),
        ]
    }

    /// `--timeout`, which older clients call `--time`.
    pub(crate) fn seconds(&self) -> Option<i64> {
        if self.time.is_some() {
            print("Flag --time has been deprecated, use --timeout instead\n");
        }
        self.timeout.or(self.time)
    }
}
