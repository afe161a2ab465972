//! What is random in a run: numbers that follow from the scenario's seed alone.
//!
//! Own code, because equal runs are equal for good: a library may give other
//! numbers in its next version.

use std::time::Duration;

/// SplitMix64: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom
/// number generators", OOPSLA 2014, figure 17.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The numbers of `seed`.
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A seed for somebody who makes numbers of his own.
    pub(crate) fn seed(&mut self) -> u64 {
        self.next()
    }

    /// A number below `end`, which is not zero. The bias is that of a remainder:
    /// nothing for numbers as small as ours.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A time before `end`, in whole nanoseconds; `end` is one at least.
    pub(crate) fn before(&mut self, end: Duration) -> Duration {
        let end = u64::try_from(end.as_nanos()).unwrap_or(u64::MAX).max(1);
        Duration::from_nanos(self.below(end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of the authors' own program for the seed 1234567.
    #[test]
    fn the_numbers_are_those_of_the_paper() {
        let mut random = Random::new(1_234_567);
        let numbers: Vec<u64> = (0..3).map(|_| random.next()).collect();
        let expected =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(numbers, expected);
    }

    #[test]
    fn a_time_is_before_its_end() {
        let mut random = Random::new(7);
        let end = Duration::from_nanos(3);
        assert!((0..99).all(|_| random.before(end) < end));
        assert_eq!(random.before(Duration::ZERO), Duration::ZERO);
    }
}
