//! How much of the desk clock a machine may take.

use std::time::{Duration, Instant};

/// One cap for all that a machine is asked for, so that no run is without end.
/// What the lab does between two requests does not count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WallCap {
    cap: Duration,
    spent: Duration,
}

impl WallCap {
    /// One of which nothing is spent.
    pub(crate) fn new(cap: Duration) -> WallCap {
        WallCap { cap, spent: Duration::ZERO }
    }

    /// All of it.
    pub(crate) fn cap(&self) -> Duration {
        self.cap
    }

    /// Whether nothing is left.
    pub(crate) fn is_spent(&self) -> bool {
        self.spent >= self.cap
    }

    /// When it ends for what starts at `start`.
    pub(crate) fn deadline(&self, start: Instant) -> Instant {
        start + self.cap.saturating_sub(self.spent)
    }

    /// Takes `time` of it.
    pub(crate) fn spend(&mut self, time: Duration) {
        self.spent = self.spent.saturating_add(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_spent_counts() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut wall = WallCap::new(3 * second);
        wall.spend(second);
        wall.spend(second);
        assert_eq!(wall.deadline(start), start + second);
        assert!(!wall.is_spent());
        wall.spend(2 * second);
        assert_eq!(wall.deadline(start), start);
        assert!(wall.is_spent());
    }
}
