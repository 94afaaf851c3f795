//! Waiting for more of a file that others write to.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use crate::time::{self, Nanos};

/// A file that others write to, watched by the kernel: `inotify(7)`.
pub(crate) struct Watch(Inotify);

impl Watch {
    pub(crate) fn new(path: &Path, flags: AddWatchFlags) -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        inotify.add_watch(path, flags)?;
        Ok(Self(inotify))
    }

    /// Watches one more file; one that is not there is not.
    pub(crate) fn also(&self, path: &Path, flags: AddWatchFlags) {
        let _ = self.0.add_watch(path, flags);
    }

    /// Sleeps until something happened, `limit` milliseconds passed, or nobody reads our output any
    /// more. Returns what happened; `None` means that we may as well stop.
    pub(crate) fn next(&self, limit: PollTimeout) -> io::Result<Option<AddWatchFlags>> {
        let out = io::stdout();
        // No flag is asked for on our output: poll(2) then tells errors only, such as a closed pipe.
        let mut fds = [
            PollFd::new(self.0.as_fd(), PollFlags::POLLIN),
            PollFd::new(out.as_fd(), PollFlags::empty()),
        ];
        match poll(&mut fds, limit) {
            Err(nix::errno::Errno::EINTR) => return Ok(Some(AddWatchFlags::empty())),
            result => result?,
        };
        if fds[1].any().unwrap_or_default() {
            return Ok(None);
        }
        let events = match self.0.read_events() {
            Err(nix::errno::Errno::EAGAIN) => Vec::new(),
            result => result?,
        };
        Ok(Some(
            events
                .into_iter()
                .fold(AddWatchFlags::empty(), |all, event| all | event.mask),
        ))
    }
}

/// How long to sleep until a moment, if there is one; `None` when it has passed.
pub(crate) fn sleep_until(moment: Option<Nanos>) -> Option<PollTimeout> {
    let Some(moment) = moment else {
        return Some(PollTimeout::NONE);
    };
    let left = moment.saturating_sub(time::now()).div_ceil(1_000_000);
    (left > 0).then(|| PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX))
}
