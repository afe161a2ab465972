//! Whether memory keeps to what it was given: a figure and a bound on it.

use std::fmt;

use replab_record::{Bound, Figure};

use crate::{HeapFigures, Sample, Totals};

/// What a budget can be judged by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// The moment that is judged.
    pub now: Option<&'a Sample>,
    /// The sample before it in the same run.
    pub before: Option<&'a Sample>,
    /// What the firmware's file takes.
    pub totals: Option<Totals>,
}

/// What comes of judging a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The figure is within its bound.
    Kept,
    /// It is not.
    Exceeded {
        /// The budget as a scenario writes it: `heap.free >= 64 KiB`.
        expected: String,
        /// The figure: `65520 B (63.9 KiB)`.
        got: String,
    },
    /// Nobody knows the figure.
    Unknown(Unknown),
}

/// Why nobody knows a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// Memory was not looked at, or the firmware does not say where things are.
    #[error("there are no figures of stack and heap (the firmware has no marks: docs/memory.md)")]
    NoSample,
    /// There is no heap.
    #[error("the firmware has no heap, or has not set it up yet")]
    NoHeap,
    /// A change is asked for, and there is nothing to compare with.
    #[error("no earlier sample has figures of the heap (put a `memory: sample` step before)")]
    NoSampleBefore,
    /// Nobody has read the firmware's file.
    #[error("the firmware's file has not been measured")]
    NoFile,
}

/// Judges by `known` whether `figure` keeps to `bound`.
pub fn judge(figure: Figure, bound: Bound, known: &Known<'_>) -> Judgement {
    match amount(figure, known) {
        Ok(amount) if bound.allows(amount.bytes) => Judgement::Kept,
        Ok(amount) => {
            Judgement::Exceeded { expected: format!("{figure} {bound}"), got: amount.to_string() }
        }
        Err(unknown) => Judgement::Unknown(unknown),
    }
}

/// A figure's bytes; of a change also what it was before and is now.
struct Amount {
    bytes: i64,
    change: Option<[u32; 2]>,
}

fn amount(figure: Figure, known: &Known<'_>) -> Result<Amount, Unknown> {
    let heap = |of: fn(&HeapFigures) -> u32| {
        let heap = known.now.ok_or(Unknown::NoSample)?.heap.ok_or(Unknown::NoHeap)?;
        Ok(i64::from(of(&heap)))
    };
    let totals = |of: fn(&Totals) -> u64| {
        let totals = known.totals.ok_or(Unknown::NoFile)?;
        Ok(i64::try_from(of(&totals)).unwrap_or(i64::MAX))
    };
    let bytes = match figure {
        Figure::HeapTotal => heap(|it| it.total)?,
        Figure::HeapUsed => heap(|it| it.used)?,
        Figure::HeapFree => heap(|it| it.free)?,
        Figure::HeapLargest => heap(|it| it.largest_free)?,
        Figure::StackPeak => i64::from(known.now.ok_or(Unknown::NoSample)?.stack.peak),
        Figure::FlashUsed => totals(|it| it.flash)?,
        Figure::RamUsed => totals(|it| it.ram)?,
        Figure::HeapGrowth => return growth(known),
    };
    Ok(Amount { bytes, change: None })
}

fn growth(known: &Known<'_>) -> Result<Amount, Unknown> {
    let now = known.now.ok_or(Unknown::NoSample)?.heap.ok_or(Unknown::NoHeap)?;
    let before = known.before.and_then(|sample| sample.heap).ok_or(Unknown::NoSampleBefore)?;
    let bytes = i64::from(now.used) - i64::from(before.used);
    Ok(Amount { bytes, change: Some([before.used, now.used]) })
}

/// `65520 B (63.9 KiB)`; `+2048 B (from 7952 B to 10000 B used)`. Digits are cut, not rounded.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.change {
            Some([before, now]) => {
                write!(f, "{:+} B (from {before} B to {now} B used)", self.bytes)
            }
            None if self.bytes < 1024 => write!(f, "{} B", self.bytes),
            None => {
                let tenths = self.bytes.saturating_mul(10) / 1024;
                write!(f, "{} B ({}.{} KiB)", self.bytes, tenths / 10, tenths % 10)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use replab_record::{Bytes, Slack};

    use super::*;
    use crate::StackFigures;

    const NOW: Sample = Sample {
        stack: StackFigures { size: 8192, peak: 900 },
        heap: Some(HeapFigures {
            total: 100_000,
            used: 34_480,
            free: 65_520,
            largest_free: 60_000,
        }),
    };
    const BEFORE: Sample = Sample {
        stack: NOW.stack,
        heap: Some(HeapFigures {
            total: 100_000,
            used: 32_432,
            free: 67_568,
            largest_free: 60_000,
        }),
    };
    const ALL: Known<'_> = Known {
        now: Some(&NOW),
        before: Some(&BEFORE),
        totals: Some(Totals { flash: 255_028, ram: 1208 }),
    };

    #[track_caller]
    fn check(word: &str, bound: Bound, known: &Known<'_>, expected: &str) {
        let figure = Figure::of_word(word).unwrap();
        let shown = match judge(figure, bound, known) {
            Judgement::Kept => "kept".to_owned(),
            Judgement::Exceeded { expected, got } => format!("expected {expected}, got {got}"),
            Judgement::Unknown(why) => why.to_string(),
        };
        assert_eq!(shown, expected);
    }

    fn at_most(count: u64) -> Bound {
        Bound::AtMost(Bytes::new(count))
    }

    #[test]
    fn each_figure_is_what_its_word_says() {
        let exact = |count| Bound::Equal(Bytes::new(count), Slack::Absolute(Bytes::new(0)));
        check("heap.total", exact(100_000), &ALL, "kept");
        check("heap.used", exact(34_480), &ALL, "kept");
        check("heap.free", exact(65_520), &ALL, "kept");
        check("heap.largest", exact(60_000), &ALL, "kept");
        check("heap.growth", exact(2048), &ALL, "kept");
        check("stack.peak", exact(900), &ALL, "kept");
        check("flash.used", exact(255_028), &ALL, "kept");
        check("ram.used", exact(1208), &ALL, "kept");
    }

    #[test]
    fn what_exceeds_its_bound_is_shown_with_it() {
        let free = Bound::AtLeast(Bytes::new(65536));
        check("heap.free", free, &ALL, "expected heap.free >= 64 KiB, got 65520 B (63.9 KiB)");
        check("stack.peak", at_most(899), &ALL, "expected stack.peak <= 899 B, got 900 B");
    }

    #[test]
    fn growth_shows_both_sides() {
        let growth = "expected heap.growth <= 1 KiB, got +2048 B (from 32432 B to 34480 B used)";
        check("heap.growth", at_most(1024), &ALL, growth);
        let back = Known { now: Some(&BEFORE), before: Some(&NOW), totals: None };
        check("heap.growth", at_most(0), &back, "kept");
        let grown = Bound::AtLeast(Bytes::new(0));
        let shrunk = "expected heap.growth >= 0 B, got -2048 B (from 34480 B to 32432 B used)";
        check("heap.growth", grown, &back, shrunk);
    }

    #[test]
    fn what_nobody_knows_is_neither_kept_nor_exceeded() {
        let nothing = Known::default();
        let no_sample =
            "there are no figures of stack and heap (the firmware has no marks: docs/memory.md)";
        check("heap.free", at_most(0), &nothing, no_sample);
        check("heap.growth", at_most(0), &nothing, no_sample);
        check("stack.peak", at_most(0), &nothing, no_sample);
        check("flash.used", at_most(0), &nothing, "the firmware's file has not been measured");
        let no_heap = Sample { heap: None, ..NOW };
        let known = Known { now: Some(&no_heap), ..ALL };
        let none = "the firmware has no heap, or has not set it up yet";
        check("heap.used", at_most(0), &known, none);
        check("heap.growth", at_most(0), &known, none);
        let first = Known { before: None, ..ALL };
        let no_before =
            "no earlier sample has figures of the heap (put a `memory: sample` step before)";
        check("heap.growth", at_most(0), &first, no_before);
        let heapless = Known { before: Some(&no_heap), ..ALL };
        check("heap.growth", at_most(0), &heapless, no_before);
    }
}
