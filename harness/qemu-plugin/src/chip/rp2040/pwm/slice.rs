//! One slice of the PWM block: a divider, a counter, two comparators.
//!
//! Time comes as whole cycles of clk_sys. The divider adds 16 to its sum in each
//! cycle and lets the counter advance when the sum has reached DIV (in sixteenths,
//! RP2040 data sheet §4.5.2.5): an edge lies on a cycle, and no rounding adds up.
//! A slice keeps its state of one cycle; what comes later follows from it, so a
//! slice that nobody looks at costs nothing.

use serde::{Deserialize, Serialize};

/// CSR, §4.5.3.
pub(super) const EN: u32 = 1;
const PH_CORRECT: u32 = 1 << 1;
const A_INV: u32 = 1 << 2;
const B_INV: u32 = 1 << 3;
const DIVMODE: u32 = 3 << 4;
const PH_RET: u32 = 1 << 6;
const PH_ADV: u32 = 1 << 7;

/// One of a slice's two outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// The pin with the even number.
    A,
    /// The pin with the odd number; an input unless DIVMODE is 0.
    B,
}

/// What makes the divider go: DIVMODE in CSR, §4.5.2.5.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    Cycles,
    CyclesWhileHigh,
    RisingEdges,
    FallingEdges,
}

/// TOP and CC, which the firmware stores and the counter takes over at a wrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Levels {
    top: u32,
    cc: [u32; 2],
}

/// A slice, as it is in one cycle of clk_sys.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Slice {
    csr: u32,
    div: u32,
    /// What TOP and CC hold.
    stored: Levels,
    /// What the counter and the comparators use.
    used: Levels,
    counter: u32,
    /// Whether it counts down, in phase-correct mode.
    is_falling: bool,
    /// The divider's sum, in sixteenths of a cycle; negative after PH_RET.
    sum: i64,
    /// The cycle that this is the state of.
    cycle: u64,
    /// The level on its pin B, from outside.
    input: bool,
    /// Whether it has wrapped since this was last taken.
    has_wrapped: bool,
}

impl Slice {
    /// As after a reset, in `cycle`, with `input` on its pin B.
    pub(super) fn new(cycle: u64, input: bool) -> Slice {
        let levels = Levels { top: 0xffff, cc: [0; 2] };
        Slice {
            csr: 0,
            div: 0x10,
            stored: levels,
            used: levels,
            counter: 0,
            is_falling: false,
            sum: 0,
            cycle,
            input,
            has_wrapped: false,
        }
    }

    /// CSR; its bits that clear themselves are done at once and read as 0.
    pub(super) fn csr(&self) -> u32 {
        self.csr
    }

    pub(super) fn set_csr(&mut self, value: u32) {
        if value & !self.csr & EN != 0 {
            self.sum = 0;
        }
        self.csr = value & (EN | PH_CORRECT | A_INV | B_INV | DIVMODE);
        if self.csr & PH_CORRECT == 0 {
            self.is_falling = false;
        }
        if self.csr & EN != 0 {
            if value & PH_ADV != 0 {
                self.count(1);
            }
            if value & PH_RET != 0 {
                self.sum -= self.divisor();
            }
        }
    }

    pub(super) fn div(&self) -> u32 {
        self.div
    }

    pub(super) fn set_div(&mut self, value: u32) {
        self.div = value & 0xfff;
        self.sum = self.sum.min(self.divisor() - 1);
    }

    pub(super) fn counter(&self) -> u32 {
        self.counter
    }

    pub(super) fn set_counter(&mut self, value: u32) {
        self.counter = value & 0xffff;
    }

    pub(super) fn cc(&self) -> u32 {
        self.stored.cc[0] | self.stored.cc[1] << 16
    }

    pub(super) fn set_cc(&mut self, value: u32) {
        self.stored.cc = [value & 0xffff, value >> 16];
        self.use_if_halted();
    }

    pub(super) fn top(&self) -> u32 {
        self.stored.top
    }

    pub(super) fn set_top(&mut self, value: u32) {
        self.stored.top = value & 0xffff;
        self.use_if_halted();
    }

    /// The level of `output`; `None` while B is an input.
    pub(super) fn level(&self, output: Output) -> Option<bool> {
        let inversion = match output {
            Output::A => A_INV,
            Output::B if self.pace() == Pace::Cycles => B_INV,
            Output::B => return None,
        };
        Some((self.counter < self.used.cc[output as usize]) != (self.csr & inversion != 0))
    }

    /// Whether it has wrapped since the last call.
    pub(super) fn take_wrap(&mut self) -> bool {
        std::mem::take(&mut self.has_wrapped)
    }

    /// The level on pin B.
    pub(super) fn input(&self) -> bool {
        self.input
    }

    /// The level on pin B is `level` from its cycle on.
    pub(super) fn set_input(&mut self, level: bool) {
        let has_edge = match self.pace() {
            Pace::RisingEdges => level && !self.input,
            Pace::FallingEdges => !level && self.input,
            Pace::Cycles | Pace::CyclesWhileHigh => false,
        };
        self.input = level;
        if has_edge && self.csr & EN != 0 {
            self.divide(1);
        }
    }

    /// Lets time pass until `cycle`.
    pub(super) fn run_to(&mut self, cycle: u64) {
        let elapsed = cycle.saturating_sub(self.cycle);
        self.cycle += elapsed;
        if self.is_timed() {
            self.divide(elapsed);
        }
    }

    /// Counts cycles anew: this one is `cycle` from now on.
    pub(super) fn rename_cycle(&mut self, cycle: u64) {
        self.cycle = cycle;
    }

    /// The cycle of the next wrap.
    pub(super) fn next_wrap(&self) -> Option<u64> {
        self.is_timed().then(|| self.cycle_of(self.counts_to_wrap()))
    }

    /// The cycle in which `output` next changes its level.
    pub(super) fn next_edge(&self, output: Output) -> Option<u64> {
        if !self.is_timed() || self.level(output).is_none() {
            return None;
        }
        self.counts_to_edge(output as usize).map(|counts| self.cycle_of(counts))
    }

    fn pace(&self) -> Pace {
        match (self.csr & DIVMODE) >> 4 {
            0 => Pace::Cycles,
            1 => Pace::CyclesWhileHigh,
            2 => Pace::RisingEdges,
            _ => Pace::FallingEdges,
        }
    }

    /// Whether passing time makes it count.
    fn is_timed(&self) -> bool {
        self.csr & EN != 0
            && match self.pace() {
                Pace::Cycles => true,
                Pace::CyclesWhileHigh => self.input,
                Pace::RisingEdges | Pace::FallingEdges => false,
            }
    }

    /// Sixteenths of a cycle for one count. 0 in DIV's integer part means 256 (§4.5.2.5).
    fn divisor(&self) -> i64 {
        i64::from(if self.div < 0x10 { self.div + 0x1000 } else { self.div })
    }

    /// The cycle in which it has counted `counts` times more, in its current pace.
    fn cycle_of(&self, counts: u64) -> u64 {
        let missing = counts.cast_signed() * self.divisor() - self.sum;
        self.cycle + missing.cast_unsigned().div_ceil(16)
    }

    /// The divider takes `cycles` (or edges of its input).
    fn divide(&mut self, cycles: u64) {
        self.sum += cycles.cast_signed() * 16;
        if self.sum >= self.divisor() {
            let counts = self.sum / self.divisor();
            self.sum %= self.divisor();
            self.count(counts.cast_unsigned());
        }
    }

    /// Levels that are stored while it stands still are used at once; else from the
    /// next wrap on (§4.5.2.3).
    fn use_if_halted(&mut self) {
        if self.csr & EN == 0 {
            self.used = self.stored;
        }
    }

    /// Counts until it is 0 again, on its way up. A counter above TOP (the firmware can
    /// store one) turns or wraps at its next count: the data sheet does not say.
    fn counts_to_wrap(&self) -> u64 {
        let up = u64::from(self.used.top.saturating_sub(self.counter)) + 1;
        if self.csr & PH_CORRECT == 0 {
            up
        } else if self.is_falling {
            u64::from(self.counter) + 1
        } else {
            up + u64::from(self.used.top.max(self.counter)) + 1
        }
    }

    /// Counts until an output changes; `None` if it does not.
    fn counts_to_edge(&self, output: usize) -> Option<u64> {
        let (top, cc, counter) = (self.used.top, self.used.cc[output], self.counter);
        let is_high = counter < cc;
        if is_high && !self.is_falling && cc <= top {
            return Some(u64::from(cc - counter));
        }
        if !is_high && self.csr & PH_CORRECT != 0 && cc > 0 {
            // On its way down, it comes below the level.
            let to_turn =
                if self.is_falling { 0 } else { u64::from(top.saturating_sub(counter)) + 1 };
            let turns_at = if self.is_falling { counter } else { top.max(counter) };
            return Some(to_turn + u64::from(turns_at - cc) + 1);
        }
        // Nothing before the wrap, which brings the stored levels.
        let (top, cc) = (self.stored.top, self.stored.cc[output]);
        let to_wrap = self.counts_to_wrap();
        if is_high != (cc > 0) {
            Some(to_wrap)
        } else if is_high && cc <= top {
            Some(to_wrap + u64::from(cc))
        } else {
            None
        }
    }

    fn count(&mut self, counts: u64) {
        let to_wrap = self.counts_to_wrap();
        if counts < to_wrap {
            self.count_within_period(counts);
            return;
        }
        self.has_wrapped = true;
        self.used = self.stored;
        self.counter = 0;
        self.is_falling = false;
        // From here on all periods are equal.
        self.count_within_period((counts - to_wrap) % self.counts_to_wrap());
    }

    /// Fewer counts than there are to the wrap. In phase-correct mode TOP and 0
    /// are held for two counts each (§4.5.2.1): a period is 2 × (TOP + 1).
    fn count_within_period(&mut self, counts: u64) {
        let mut counts = u32::try_from(counts).expect("a period is at most 0x20000 counts");
        if self.is_falling {
            self.counter -= counts;
            return;
        }
        let to_turn = self.used.top.saturating_sub(self.counter) + 1;
        if counts < to_turn {
            self.counter += counts;
        } else {
            counts -= to_turn;
            self.is_falling = true;
            self.counter = self.counter.max(self.used.top) - counts;
        }
    }
}
