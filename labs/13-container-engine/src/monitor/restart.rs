//! Whether a container starts again after its end, and when: Docker's rules.

use std::time::Duration;

use crate::store::config::Restart;
use crate::store::container::State;

/// Whether the policy wants another PID 1. `state` is what became of the last one; `stopped` says that its end was
/// wanted.
pub(crate) fn is_due(policy: &Restart, state: &State, stopped: bool) -> bool {
    !stopped
        && match policy {
            Restart::No => false,
            Restart::OnFailure(most) => {
                state.exit_code != 0 && (*most == 0 || state.restarts < *most)
            }
            Restart::Always | Restart::UnlessStopped => true,
        }
}

/// How long a container waits for its next start.
#[derive(Debug)]
pub(crate) struct Backoff(Duration);

impl Backoff {
    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(60);
    /// One that ran for so many nanoseconds had a new failure, not the old one again.
    const LONG_LIFE: u64 = 10_000_000_000;

    pub(crate) fn new() -> Self {
        Self(Self::FIRST)
    }

    /// The time to wait after a life: twice as long as after the one before.
    pub(crate) fn next(&mut self, ended: &State) -> Duration {
        if ended.finished.saturating_sub(ended.started) > Self::LONG_LIFE {
            self.0 = Self::FIRST;
        }
        let now = self.0;
        self.0 = (now * 2).min(Self::LONGEST);
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(exit_code: u8, restarts: u32) -> State {
        State {
            exit_code,
            restarts,
            ..State::default()
        }
    }

    #[test]
    fn a_policy_asks_for_code_count_and_wish() {
        for (policy, code, restarts, due) in [
            (Restart::No, 1, 0, false),
            (Restart::OnFailure(0), 1, 99, true),
            (Restart::OnFailure(0), 0, 0, false),
            (Restart::OnFailure(2), 1, 1, true),
            (Restart::OnFailure(2), 1, 2, false),
            (Restart::Always, 0, 99, true),
            (Restart::UnlessStopped, 0, 99, true),
        ] {
            let state = ended(code, restarts);
            assert_eq!(is_due(&policy, &state, false), due, "{policy:?} {code}");
            assert!(!is_due(&policy, &state, true), "{policy:?}, stopped");
        }
    }

    #[test]
    fn the_wait_doubles_up_to_a_minute_and_a_long_life_ends_that() {
        let mut backoff = Backoff::new();
        let millis: Vec<_> = (0..12)
            .map(|_| backoff.next(&ended(1, 0)).as_millis())
            .collect();
        assert_eq!(millis[..4], [100, 200, 400, 800]);
        assert_eq!(millis[11], 60_000);
        let long = State {
            finished: Backoff::LONG_LIFE + 1,
            ..State::default()
        };
        assert_eq!(backoff.next(&long).as_millis(), 100);
        assert_eq!(backoff.next(&ended(1, 0)).as_millis(), 200);
    }
}
