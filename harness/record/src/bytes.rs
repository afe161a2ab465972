//! Amounts of memory, and bounds on them.

use std::fmt;

/// Bytes in a KiB.
const KIB: u64 = 1024;

/// Bytes in a MiB.
const MIB: u64 = 1024 * KIB;

/// An amount of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(u64);

impl Bytes {
    /// So many bytes.
    pub const fn new(count: u64) -> Bytes {
        Bytes(count)
    }

    /// How many.
    pub const fn count(self) -> u64 {
        self.0
    }
}

/// In the largest unit that shows it exactly without decimals: `64 KiB`, `1000 B`.
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Bytes(count) = *self;
        f.pad(&match count {
            0 => "0 B".to_owned(),
            _ if count.is_multiple_of(MIB) => format!("{} MiB", count / MIB),
            _ if count.is_multiple_of(KIB) => format!("{} KiB", count / KIB),
            _ => format!("{count} B"),
        })
    }
}

/// What an amount of memory has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// `>= 64 KiB`.
    AtLeast(Bytes),
    /// `<= 64 KiB`.
    AtMost(Bytes),
    /// `> 64 KiB`.
    MoreThan(Bytes),
    /// `< 64 KiB`.
    LessThan(Bytes),
    /// `= 64 KiB ±1%`.
    Equal(Bytes, Slack),
}

/// How far an amount may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slack {
    /// So many bytes; 0 for an exact amount.
    Absolute(Bytes),
    /// This many percent of the wanted amount.
    Relative(f64),
}

impl fmt::Display for Slack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Slack::Absolute(bytes) => write!(f, "{bytes}"),
            Slack::Relative(percent) => write!(f, "{percent}%"),
        }
    }
}

impl Slack {
    /// Whether two amounts are near enough to each other: a percentage is of the larger
    /// one. What has shrunk is negative.
    pub fn allows(self, one: i64, other: i64) -> bool {
        let off = one.abs_diff(other);
        match self {
            Slack::Absolute(most) => off <= most.0,
            Slack::Relative(percent) => {
                let larger = one.unsigned_abs().max(other.unsigned_abs());
                off as f64 * 100.0 <= larger as f64 * percent
            }
        }
    }
}

impl Bound {
    /// Whether `amount` is as it has to be. What has shrunk is negative. The borders
    /// of a slack are allowed.
    pub fn allows(self, amount: i64) -> bool {
        let (amount, of) = (i128::from(amount), |bytes: Bytes| i128::from(bytes.0));
        match self {
            Bound::AtLeast(least) => amount >= of(least),
            Bound::AtMost(most) => amount <= of(most),
            Bound::MoreThan(border) => amount > of(border),
            Bound::LessThan(border) => amount < of(border),
            Bound::Equal(wanted, slack) => {
                let off = amount.abs_diff(of(wanted));
                match slack {
                    Slack::Absolute(most) => off <= u128::from(most.0),
                    Slack::Relative(percent) => off as f64 * 100.0 <= wanted.0 as f64 * percent,
                }
            }
        }
    }
}

/// As scenarios write it.
impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::AtLeast(bytes) => write!(f, ">= {bytes}"),
            Bound::AtMost(bytes) => write!(f, "<= {bytes}"),
            Bound::MoreThan(bytes) => write!(f, "> {bytes}"),
            Bound::LessThan(bytes) => write!(f, "< {bytes}"),
            Bound::Equal(bytes, Slack::Absolute(Bytes(0))) => write!(f, "= {bytes}"),
            Bound::Equal(bytes, Slack::Absolute(off)) => write!(f, "= {bytes} ±{off}"),
            Bound::Equal(bytes, Slack::Relative(percent)) => write!(f, "= {bytes} ±{percent}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EIGHT_KIB: Bytes = Bytes::new(8192);

    /// Which of 8191, 8192 and 8193 `bound` allows, and how it is written.
    #[track_caller]
    fn check(bound: Bound, allowed: [bool; 3], shown: &str) {
        assert_eq!([8191, 8192, 8193].map(|amount| bound.allows(amount)), allowed);
        assert_eq!(bound.to_string(), shown);
    }

    #[test]
    fn borders_belong_to_what_is_written_with_an_equals_sign() {
        check(Bound::AtLeast(EIGHT_KIB), [false, true, true], ">= 8 KiB");
        check(Bound::AtMost(EIGHT_KIB), [true, true, false], "<= 8 KiB");
        check(Bound::MoreThan(EIGHT_KIB), [false, false, true], "> 8 KiB");
        check(Bound::LessThan(EIGHT_KIB), [true, false, false], "< 8 KiB");
    }

    #[test]
    fn an_equal_amount_is_exact_unless_it_has_a_slack() {
        let exact = Slack::Absolute(Bytes::new(0));
        check(Bound::Equal(EIGHT_KIB, exact), [false, true, false], "= 8 KiB");
        let one = Slack::Absolute(Bytes::new(1));
        check(Bound::Equal(Bytes::new(8191), one), [true, true, false], "= 8191 B ±1 B");
        let ten = Bound::Equal(Bytes::new(1000), Slack::Relative(10.0));
        let allowed = [899, 900, 1100, 1101].map(|amount| ten.allows(amount));
        assert_eq!(allowed, [false, true, true, false]);
        assert_eq!(ten.to_string(), "= 1000 B ±10%");
    }

    #[test]
    fn what_has_shrunk_is_below_every_bound() {
        assert!(Bound::AtMost(Bytes::new(0)).allows(-1));
        assert!(!Bound::AtLeast(Bytes::new(0)).allows(-1));
        assert!(!Bound::AtLeast(Bytes::new(u64::MAX)).allows(i64::MAX));
    }

    #[test]
    fn two_amounts_are_near_by_bytes_or_by_percent_of_the_larger() {
        let ten = Slack::Absolute(Bytes::new(10));
        assert_eq!([10, 11, -9].map(|other| ten.allows(0, other)), [true, false, true]);
        let ten = Slack::Relative(10.0);
        assert_eq!(
            [899, 900, 1111, 1112].map(|one| ten.allows(one, 1000)),
            [false, true, true, false]
        );
        assert!(ten.allows(0, 0) && !ten.allows(100, -100));
    }

    #[test]
    fn amounts_are_shown_exactly() {
        let shown = |count| Bytes::new(count).to_string();
        assert_eq!(
            [0, 1, 1023, 1024, 1025, 1 << 20, 3 << 19].map(shown),
            ["0 B", "1 B", "1023 B", "1 KiB", "1025 B", "1 MiB", "1536 KiB"]
        );
    }
}
