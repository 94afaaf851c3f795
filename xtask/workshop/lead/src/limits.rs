//! How often somebody may do something: who asks too often is refused, and nobody else is.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A bucket for each who asks: `burst` at once, and one more every `every`.
#[derive(Debug)]
pub struct Limit<T> {
    burst: u32,
    every: Duration,
    /// When each bucket is full again.
    full: Mutex<HashMap<T, Instant>>,
}

impl<T: Eq + Hash> Limit<T> {
    /// So many at once, and one more every so often.
    pub fn new(burst: u32, every: Duration) -> Limit<T> {
        Limit {
            burst,
            every,
            full: Mutex::default(),
        }
    }

    /// Whether this one may, now; if so, it counts.
    pub fn allows(&self, who: T) -> bool {
        self.allows_at(who, Instant::now())
    }

    fn allows_at(&self, who: T, now: Instant) -> bool {
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        // A full bucket is as good as none: whoever comes and goes leaves nothing.
        if full.len() > 4096 {
            full.retain(|_, at| *at > now);
        }
        let at = full.get(&who).copied().unwrap_or(now).max(now) + self.every;
        let allowed = at <= now + self.every * self.burst;
        if allowed {
            full.insert(who, at);
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_one_by_one_and_each_for_itself() {
        let limit = Limit::new(3, Duration::from_secs(1));
        let now = Instant::now();
        let at = |who, millis| limit.allows_at(who, now + Duration::from_millis(millis));
        assert_eq!([(); 4].map(|()| at("a", 0)), [true, true, true, false]);
        assert!(at("b", 0));
        assert!(!at("a", 999));
        assert!(at("a", 1000));
        assert!(!at("a", 1500));
        assert_eq!([(); 4].map(|()| at("a", 60_000)), [true, true, true, false]);
    }
}
