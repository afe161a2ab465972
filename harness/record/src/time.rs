//! Machine time: time as the firmware sees it.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// Nanoseconds since the first power-on of the run. Never goes back, also not
/// across resets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineTime(u64);

impl MachineTime {
    /// The first power-on.
    pub const ZERO: MachineTime = MachineTime(0);

    /// `ns` nanoseconds after the first power-on.
    pub const fn from_nanos(ns: u64) -> MachineTime {
        MachineTime(ns)
    }

    /// Nanoseconds since the first power-on.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero if it is before.
    pub fn since(self, earlier: MachineTime) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for MachineTime {
    type Output = MachineTime;

    /// Saturates at the end of time (584 years).
    fn add(self, later: Duration) -> MachineTime {
        MachineTime(self.0.saturating_add(u64::try_from(later.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl Sub<MachineTime> for MachineTime {
    type Output = Duration;

    fn sub(self, earlier: MachineTime) -> Duration {
        self.since(earlier)
    }
}

/// Seconds with all nine decimals: `1.000500000 s`. With a precision, that many
/// decimals: `{:.3}` gives `1.000 s`. Digits are cut, not rounded, so that a
/// shown time is never later than the real one.
impl fmt::Display for MachineTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = f.precision().unwrap_or(9).min(9);
        let (seconds, nanos) = (self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        if decimals == 0 {
            return write!(f, "{seconds} s");
        }
        let digits = format!("{nanos:09}");
        write!(f, "{seconds}.{} s", &digits[..decimals])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ns: u64, shown: &str, short: &str) {
        let time = MachineTime::from_nanos(ns);
        assert_eq!(format!("{time}"), shown);
        assert_eq!(format!("{time:.3}"), short);
    }

    #[test]
    fn times_show_all_their_digits_unless_asked_for_fewer() {
        check(0, "0.000000000 s", "0.000 s");
        check(1_000_500_000, "1.000500000 s", "1.000 s");
        check(999_999_999, "0.999999999 s", "0.999 s");
    }

    #[test]
    fn time_does_not_wrap() {
        let end = MachineTime::from_nanos(u64::MAX);
        assert_eq!(end + Duration::from_secs(1), end);
        assert_eq!(MachineTime::ZERO.since(end), Duration::ZERO);
    }
}
