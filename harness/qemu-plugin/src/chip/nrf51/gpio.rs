//! GPIO (nRF51 Series Reference Manual v3.0 §14): what the firmware wants of the pins.
//!
//! What stands on them is not known here: [`super::wires`] works it out, and says it
//! with [`Gpio::set_inputs`].

use serde::{Deserialize, Serialize};

use crate::chip::peripheral::{Context, Peripheral, Pin, Support, Write};

/// How many pins there are.
pub(crate) const PINS: u32 = 32;

/// Registers (§14).
const OUT: u32 = 0x504;
const OUTSET: u32 = 0x508;
const OUTCLR: u32 = 0x50c;
const IN: u32 = 0x510;
const DIR: u32 = 0x514;
const DIRSET: u32 = 0x518;
const DIRCLR: u32 = 0x51c;
const PIN_CNF: u32 = 0x700;
const PIN_CNF_LAST: u32 = PIN_CNF + 4 * (PINS - 1);

/// Fields of PIN_CNF.
const CNF_DIR: u32 = 1;
const CNF_INPUT: u32 = 1 << 1;
const CNF_ALL: u32 = CNF_DIR | CNF_INPUT | 3 << 2 | 7 << 8 | 3 << 16;
/// PIN_CNF after a reset: an input whose buffer is disconnected.
const CNF_RESET: u32 = CNF_INPUT;

/// See the head of this module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Gpio {
    out: u32,
    configurations: [u32; PINS as usize],
    inputs: u32,
    /// The pins whose wishes may have changed since somebody asked.
    touched: u32,
}

impl Gpio {
    pub(super) fn new() -> Gpio {
        Gpio { out: 0, configurations: [CNF_RESET; PINS as usize], inputs: 0, touched: 0 }
    }

    /// The pins to be looked at anew.
    pub(super) fn take_touched(&mut self) -> u32 {
        std::mem::take(&mut self.touched)
    }

    /// The level in OUT.
    pub(super) fn output(&self, pin: u32) -> bool {
        self.out >> pin & 1 != 0
    }

    /// Whether the pin is an output.
    pub(super) fn is_output(&self, pin: u32) -> bool {
        self.cnf(pin) & CNF_DIR != 0
    }

    /// Whether the buffer of its input is connected.
    pub(super) fn is_connected(&self, pin: u32) -> bool {
        self.cnf(pin) & CNF_INPUT == 0
    }

    /// The pin as its configuration makes it while `output` is its output: `None` if
    /// it is none (PULL and DRIVE of PIN_CNF).
    pub(super) fn pin(&self, pin: u32, output: Option<bool>) -> Pin {
        let cnf = self.cnf(pin);
        let driven = match (cnf >> 8 & 7, output) {
            // D0S1, D0H1; S0D1, H0D1: one of the two levels is disconnected.
            (4 | 5, Some(false)) | (6 | 7, Some(true)) => None,
            (_, output) => output,
        };
        let pull = match cnf >> 2 & 3 {
            1 => Some(false),
            3 => Some(true),
            _ => None,
        };
        Pin { driven, pull, keeps: false }
    }

    /// Whether its SENSE is met by `level` (§14).
    pub(super) fn senses(&self, pin: u32, level: bool) -> bool {
        match self.cnf(pin) >> 16 & 3 {
            2 => level,
            3 => !level,
            _ => false,
        }
    }

    /// What IN shows from now on.
    pub(super) fn set_inputs(&mut self, inputs: u32) {
        self.inputs = inputs;
    }

    fn cnf(&self, pin: u32) -> u32 {
        self.configurations[pin as usize]
    }

    fn directions(&self) -> u32 {
        (0..PINS).filter(|pin| self.is_output(*pin)).map(|pin| 1 << pin).sum()
    }

    fn set_out(&mut self, out: u32) {
        self.touched |= self.out ^ out;
        self.out = out;
    }

    /// DIR is the same as the field of that name in each PIN_CNF.
    fn set_directions(&mut self, directions: u32) {
        for pin in 0..PINS {
            let cnf = self.cnf(pin) & !CNF_DIR | directions >> pin & 1;
            self.configure(pin, cnf);
        }
    }

    fn configure(&mut self, pin: u32, cnf: u32) {
        let old = std::mem::replace(&mut self.configurations[pin as usize], cnf & CNF_ALL);
        self.touched |= u32::from(old != cnf & CNF_ALL) << pin;
    }
}

impl Peripheral for Gpio {
    fn peek(&self, offset: u32, _now: u64) -> u32 {
        match offset {
            OUT | OUTSET | OUTCLR => self.out,
            IN => self.inputs,
            DIR | DIRSET | DIRCLR => self.directions(),
            PIN_CNF..=PIN_CNF_LAST => self.cnf((offset - PIN_CNF) / 4),
            _ => 0,
        }
    }

    fn write(&mut self, offset: u32, write: Write, _context: &mut Context) {
        let value = write.value;
        match offset {
            OUT => self.set_out(value),
            OUTSET => self.set_out(self.out | value),
            OUTCLR => self.set_out(self.out & !value),
            DIR => self.set_directions(value),
            DIRSET => self.set_directions(self.directions() | value),
            DIRCLR => self.set_directions(self.directions() & !value),
            PIN_CNF..=PIN_CNF_LAST => self.configure((offset - PIN_CNF) / 4, value),
            _ => {}
        }
    }

    fn reset(&mut self, _now: u64) {
        *self = Gpio { touched: u32::MAX, inputs: self.inputs, ..Gpio::new() };
    }

    fn support(&self, offset: u32) -> Support {
        match offset {
            OUT..=DIRCLR | PIN_CNF..=PIN_CNF_LAST => Support::Modelled,
            _ => Support::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stores `(offset, value)` each, and gives what the register at `offset` holds then.
    #[track_caller]
    fn check(stores: &[(u32, u32)], offset: u32, expected: u32) {
        let mut gpio = Gpio::new();
        for (offset, value) in stores {
            gpio.write(*offset, (*value).into(), &mut Context::default());
        }
        assert_eq!(gpio.peek(offset, 0), expected);
    }

    /// Pin 3 with this PIN_CNF.
    fn configured(cnf: u32) -> Gpio {
        let mut gpio = Gpio::new();
        gpio.write(PIN_CNF + 4 * 3, cnf.into(), &mut Context::default());
        gpio
    }

    #[test]
    fn set_and_clear_change_only_their_bits() {
        check(&[(OUT, 0xf0), (OUTSET, 0x0f), (OUTCLR, 0x81)], OUT, 0x7e);
        check(&[(OUT, 0xf0)], OUTCLR, 0xf0);
        check(&[(DIR, 0xf0), (DIRSET, 0x0f), (DIRCLR, 0x81)], DIRSET, 0x7e);
        check(&[(IN, 0xff)], IN, 0);
    }

    #[test]
    fn the_direction_is_in_both_places() {
        check(&[], PIN_CNF + 4 * 3, 2);
        check(&[(DIRSET, 1 << 3)], PIN_CNF + 4 * 3, 3);
        check(&[(PIN_CNF + 4 * 3, 1)], DIR, 1 << 3);
        check(&[(PIN_CNF + 4 * 3, 0xf), (DIR, 0)], PIN_CNF + 4 * 3, 0xe);
    }

    #[test]
    fn bits_that_are_none_stay_zero() {
        check(&[(PIN_CNF, u32::MAX)], PIN_CNF, 0x0003_070f);
    }

    #[test]
    fn drive_disconnects_one_level() {
        const LOW: Option<bool> = Some(false);
        const HIGH: Option<bool> = Some(true);
        for (drive, low, high) in [
            (0, LOW, HIGH),
            (1, LOW, HIGH),
            (2, LOW, HIGH),
            (3, LOW, HIGH),
            (4, None, HIGH),
            (5, None, HIGH),
            (6, LOW, None),
            (7, LOW, None),
        ] {
            let gpio = configured(1 | drive << 8);
            let driven = |output| gpio.pin(3, Some(output)).driven;
            assert_eq!((driven(false), driven(true)), (low, high), "DRIVE {drive}");
            assert_eq!(gpio.pin(3, None).driven, None, "no output");
        }
    }

    #[test]
    fn pulls_are_one_and_three() {
        let pull = |field: u32| configured(field << 2).pin(3, None).pull;
        assert_eq!([0, 1, 2, 3].map(pull), [None, Some(false), None, Some(true)]);
    }

    #[test]
    fn sense_is_high_two_and_low_three() {
        let senses = |field: u32| {
            let gpio = configured(field << 16);
            (gpio.senses(3, false), gpio.senses(3, true))
        };
        let expected = [(false, false), (false, false), (false, true), (true, false)];
        assert_eq!([0, 1, 2, 3].map(senses), expected);
    }

    #[test]
    fn what_is_touched_is_told_once() {
        let mut gpio = Gpio::new();
        gpio.write(OUTSET, 0b11.into(), &mut Context::default());
        gpio.write(OUTSET, 0b111.into(), &mut Context::default());
        gpio.write(DIRSET, 0x10.into(), &mut Context::default());
        assert_eq!((gpio.take_touched(), gpio.take_touched()), (0b1_0111, 0));
        gpio.reset(0);
        assert_eq!((gpio.take_touched(), gpio.peek(OUT, 0)), (u32::MAX, 0));
    }
}
