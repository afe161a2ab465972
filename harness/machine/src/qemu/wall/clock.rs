//! Machine time by the desk clock: the sum of the times for which the machine was let go.

use std::time::Instant;

use replab_record::MachineTime;

/// See the head of this module.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    /// Machine time at the last stop.
    stood: MachineTime,
    /// When it was let go; `None` while it stands.
    since: Option<Instant>,
}

impl Clock {
    /// Machine time at this instant.
    pub(super) fn at(&self, instant: Instant) -> MachineTime {
        self.since.map_or(self.stood, |since| self.stood + instant.saturating_duration_since(since))
    }

    /// Machine time.
    pub(super) fn now(&self) -> MachineTime {
        self.at(Instant::now())
    }

    /// When it will be `time`, if it goes on; this instant if that is over.
    pub(super) fn instant(&self, time: MachineTime) -> Instant {
        let now = Instant::now();
        let left = std::time::Duration::from_nanos(
            time.as_nanos().saturating_sub(self.at(now).as_nanos()),
        );
        // No machine goes on for so long that a clock cannot count it.
        now.checked_add(left).unwrap_or(now)
    }

    /// It goes on.
    pub(super) fn start(&mut self) {
        self.since = Some(Instant::now());
    }

    /// It stands.
    pub(super) fn halt(&mut self) {
        self.stood = self.now();
        self.since = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_stands_until_it_is_started_and_never_goes_back() {
        let mut clock = Clock::default();
        assert_eq!(clock.at(Instant::now() + Duration::from_secs(9)), MachineTime::ZERO);
        clock.start();
        let later = Instant::now() + Duration::from_secs(9);
        assert!(clock.at(later) > MachineTime::from_nanos(8_000_000_000));
        clock.halt();
        let stood = clock.now();
        assert!(stood < clock.at(later) + Duration::from_nanos(1));
        assert_eq!(clock.now(), stood);
        clock.start();
        assert!(clock.now() >= stood);
    }

    #[test]
    fn the_instant_of_what_is_over_is_now() {
        let clock = Clock { stood: MachineTime::from_nanos(5_000), since: None };
        assert!(clock.instant(MachineTime::ZERO) <= Instant::now());
        assert!(clock.instant(MachineTime::from_nanos(60_000_000_000)) > Instant::now());
    }
}
