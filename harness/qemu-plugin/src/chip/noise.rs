//! What a pin picks up that nobody drives.
//!
//! A wire that leads nowhere follows the fields around it: mains, motors, fingers.
//! What it does is nobody's to predict, so here it is random and follows from a
//! seed: it changes at times whose distances are exponential. Where something
//! decides the pin, a driver or a resistor, noise has no say and no events.
//!
//! The state is plain data: a copy goes on as the original would.

use serde::{Deserialize, Serialize};

/// How long a level lasts on the average, in nanoseconds: ours, no data sheet's.
const MEAN: u64 = 1_000_000;
/// How long it lasts at least: no fewer would tell anything, and a pin would
/// change faster than firmware runs.
const LEAST: u64 = 1_000;

/// The noise on the pins of a chip.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Noise {
    sources: Vec<Source>,
}

/// One pin with noise.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Source {
    pin: u32,
    /// Of SplitMix64.
    state: u64,
    level: bool,
    /// When it changes; `None` while something else decides the pin.
    next: Option<u64>,
}

impl Noise {
    /// `pin` picks up noise from now on.
    pub(crate) fn start(&mut self, pin: u32, seed: u64) {
        self.stop(pin);
        self.sources.push(Source { pin, state: seed, level: false, next: None });
    }

    /// `pin` picks up none any more.
    pub(crate) fn stop(&mut self, pin: u32) {
        self.sources.retain(|source| source.pin != pin);
    }

    /// The level that noise gives `pin`, if it picks up some and nothing else decides it.
    pub(crate) fn level(&self, pin: u32) -> Option<bool> {
        self.sources.iter().find(|source| source.pin == pin).map(|source| source.level)
    }

    /// Whether nothing else decides `pin` from `now` on, and which level it has then.
    /// Gives whether noise has less to say than before: it was the pin's level and is not.
    pub(crate) fn decides(&mut self, pin: u32, does: bool, level: bool, now: u64) -> bool {
        let Some(source) = self.sources.iter_mut().find(|source| source.pin == pin) else {
            return false;
        };
        match (does, source.next) {
            (true, None) => {
                source.level = level;
                source.next = Some(now + source.time());
                false
            }
            (false, Some(_)) => {
                source.next = None;
                true
            }
            _ => false,
        }
    }

    /// When the next one changes.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        self.sources.iter().filter_map(|source| source.next).min()
    }

    /// The pins that have changed by `now`, bit by bit.
    pub(crate) fn advance(&mut self, now: u64) -> u32 {
        let mut changed = 0;
        for source in &mut self.sources {
            if source.next.is_some_and(|next| next <= now) {
                source.level = !source.level;
                source.next = Some(now + source.time());
                changed |= 1 << source.pin;
            }
        }
        changed
    }
}

impl Source {
    /// SplitMix64: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom
    /// number generators", OOPSLA 2014, figure 17.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// How long a level lasts. Exponential by von Neumann's comparisons ("Various
    /// techniques used in connection with random digits", 1951): a logarithm is not
    /// the same on every computer.
    fn time(&mut self) -> u64 {
        let mut whole = 0;
        loop {
            let first = self.random();
            let (mut last, mut is_odd) = (first, true);
            loop {
                let next = self.random();
                if next >= last {
                    break;
                }
                (last, is_odd) = (next, !is_odd);
            }
            if is_odd {
                let part = (u128::from(first) * u128::from(MEAN)) >> 64;
                let time = whole * MEAN + u64::try_from(part).unwrap_or(MEAN);
                return time.max(LEAST);
            }
            whole += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The times of the first `count` changes of pin 3.
    fn changes(seed: u64, count: usize) -> Vec<u64> {
        let mut noise = Noise::default();
        noise.start(3, seed);
        noise.decides(3, true, false, 0);
        let change = |_| {
            let at = noise.next_deadline().expect("it goes on");
            assert_eq!((noise.advance(at - 1), noise.advance(at)), (0, 8));
            at
        };
        (0..count).map(change).collect()
    }

    #[test]
    fn equal_seeds_give_equal_noise_and_others_another() {
        assert_eq!(changes(1, 5), changes(1, 5));
        assert_ne!(changes(1, 5), changes(2, 5));
    }

    /// Of an exponential distribution the mean and the deviation are equal, and 37 %
    /// are longer than the mean.
    #[test]
    fn levels_last_exponentially_long() {
        let times = changes(7, 20_000);
        let lengths: Vec<f64> = times.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
        let mean = lengths.iter().sum::<f64>() / lengths.len() as f64;
        let square = |length: &f64| (length - mean) * (length - mean);
        let deviation = (lengths.iter().map(square).sum::<f64>() / lengths.len() as f64).sqrt();
        let longer = lengths.iter().filter(|length| **length > 1e6).count() as f64;
        let part = longer / lengths.len() as f64;
        assert!((0.98e6..1.02e6).contains(&mean), "{mean}");
        assert!((0.97e6..1.03e6).contains(&deviation), "{deviation}");
        assert!((0.36..0.375).contains(&part), "{part}");
        assert!(lengths.iter().all(|length| *length >= LEAST as f64));
    }

    #[test]
    fn where_something_else_decides_nothing_happens() {
        let mut noise = Noise::default();
        noise.start(3, 1);
        assert_eq!(noise.next_deadline(), None);
        assert!(!noise.decides(3, true, true, 50));
        assert!(!noise.decides(3, true, true, 60), "it knows");
        assert_eq!(noise.level(3), Some(true), "it begins with what was there");
        assert!(noise.next_deadline().is_some_and(|at| at >= 50 + LEAST));
        assert!(noise.decides(3, false, true, 70), "it had a say");
        assert_eq!((noise.next_deadline(), noise.decides(3, false, true, 80)), (None, false));
        assert!(!noise.decides(4, true, true, 90), "another pin");
        noise.stop(3);
        assert_eq!(noise.level(3), None);
    }

    #[test]
    fn a_copy_goes_on_as_the_original() {
        let mut one = Noise::default();
        one.start(3, 9);
        one.decides(3, true, false, 0);
        let mut other = one.clone();
        for _ in 0..9 {
            let at = one.next_deadline().expect("it goes on");
            assert_eq!((one.advance(at), other.next_deadline()), (8, Some(at)));
            other.advance(at);
        }
        assert_eq!(one.level(3), other.level(3));
    }
}
