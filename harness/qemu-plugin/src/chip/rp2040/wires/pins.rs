//! The pins: from the wishes of their functions to levels, and back to whoever
//! looks at them.

use crate::chip::peripheral::{Context, Effect, Peripheral, Pin};
use crate::chip::rp2040::io_bank0::{PINS, Wish};
use crate::chip::rp2040::map::Name;
use crate::chip::rp2040::pwm::{Output, SLICES};

use super::Rp2040;

/// Bits of a pad's register (§2.19.6.3): output disable, input enable, pulls.
const OD: u32 = 1 << 7;
const IE: u32 = 1 << 6;
const PUE: u32 = 1 << 3;
const PDE: u32 = 1 << 2;
/// Functions of a pin (§2.19.2).
const SPI: u32 = 1;
const UART: u32 = 2;
pub(super) const PWM: u32 = 4;
const SIO: u32 = 5;
/// The first pin that is an input of the ADC.
const ADC_PIN: u32 = 26;
/// What a high level is, in microvolts.
const SUPPLY_UV: i64 = 3_300_000;

impl Rp2040 {
    /// The pins that a function has.
    pub(super) fn pins_of(&self, function: u32) -> u32 {
        (0..PINS).filter(|pin| self.io_bank0.function(*pin) == function).map(|pin| 1 << pin).sum()
    }

    /// Tells PWM which of its outputs are on pins (§4.5.2, table of the outputs).
    pub(super) fn connect_pwm(&mut self, now: u64) {
        let pins = self.pins_of(PWM);
        self.pwm.watch((pins | pins >> (2 * SLICES)) & 0xffff);
        self.pwm.advance(&mut Context { now, ..Context::default() });
        self.note(Name::Pwm);
    }

    /// Works out the pins of `mask` anew.
    pub(super) fn look_at_pins(&mut self, mask: u32, context: &mut Context) {
        if mask == 0 {
            return;
        }
        let mut inputs = self.sio.inputs();
        for pin in (0..PINS).filter(|pin| mask >> pin & 1 != 0) {
            let index = pin as usize;
            let wish = self.wish(pin, context.now);
            let to_pad = self.io_bank0.to_pad(pin, wish);
            let pad = self.pads_bank0.get(4 + 4 * pin);
            let is_driven = to_pad.enable && pad & OD == 0;
            let now = Pin {
                driven: is_driven.then_some(to_pad.output),
                pull: match (pad & PUE != 0, pad & PDE != 0) {
                    (true, false) => Some(true),
                    (false, true) => Some(false),
                    _ => None,
                },
                // Both resistors keep what there is (§2.19.4.1).
                keeps: pad & (PUE | PDE) == PUE | PDE,
            };
            let old = self.pins[index];
            if (now.driven, now.number()) != (old.driven, old.number()) {
                context.effects.push(Effect::Pin { pin, level: now.number() });
            }
            self.pins[index] = now;
            let (outside, last) = (self.outside[index], self.levels >> pin & 1 != 0);
            if now.is_short(outside) {
                context.effects.push(Effect::Short { pin });
            }
            let floats = now.floats(outside);
            if self.noise.decides(pin, floats, last, context.now) {
                context.effects.push(Effect::Noise { pin, level: -1 });
            }
            let level = now.level(outside, self.noise.level(pin), last);
            // After a reset pads are connected; a pin is the program's once SIO has it.
            let is_input = self.io_bank0.function(pin) == SIO && !to_pad.enable && pad & IE != 0;
            self.undriven = self.undriven & !(1 << pin) | u32::from(floats && is_input) << pin;
            self.levels = self.levels & !(1 << pin) | u32::from(level) << pin;
            let seen = self.io_bank0.pad_gives(pin, level && pad & IE != 0, wish, to_pad);
            inputs = inputs & !(1 << pin) | u32::from(seen) << pin;
            self.give(pin, level, seen, context.now);
        }
        self.sio.set_inputs(inputs);
        self.note(Name::IoBank0);
    }

    /// The noise whose time has come, and what the pins come to by it.
    pub(super) fn make_noise(&mut self, context: &mut Context) {
        let changed = self.noise.advance(context.now);
        self.look_at_pins(changed, context);
        for pin in (0..PINS).filter(|pin| changed >> pin & 1 != 0) {
            let level = i32::from(self.levels >> pin & 1 != 0);
            context.effects.push(Effect::Noise { pin, level });
        }
    }

    /// What else than SIO has a pin as its input: the ADC the level of its pad as a
    /// voltage (GPIO26 to GPIO29; §4.9), a slice of PWM what its B pin sees, SPI what
    /// its RX pin does.
    fn give(&mut self, pin: u32, level: bool, seen: bool, now: u64) {
        let input = pin.checked_sub(ADC_PIN);
        if let Some(input) = input.filter(|input| self.analog >> input & 1 == 0) {
            self.adc.set_pin(input as usize, if level { SUPPLY_UV } else { 0 }, now);
        }
        if pin % 2 == 1 && self.io_bank0.function(pin) == PWM {
            self.pwm.set_input((pin / 2) as usize % SLICES, seen, now);
            self.note(Name::Pwm);
        }
        if pin.is_multiple_of(4) && self.io_bank0.function(pin) == SPI {
            self.spis[(pin / 8) as usize % 2].set_input(seen);
        }
    }

    /// What the function of a pin wants (§2.19.2). Of the serial interfaces it is
    /// the level of an idle line: their bits are not drawn.
    fn wish(&self, pin: u32, now: u64) -> Wish {
        const HIGH: Wish = Wish { output: true, enable: true };
        const LOW: Wish = Wish { output: false, enable: true };
        let (out, enable) = self.sio_outputs;
        match (self.io_bank0.function(pin), pin % 4) {
            (PWM, _) => {
                let output = if pin.is_multiple_of(2) { Output::A } else { Output::B };
                let level = self.pwm.level((pin / 2) as usize % SLICES, output, now);
                Wish { output: level.unwrap_or(false), enable: level.is_some() }
            }
            (SIO, _) => Wish { output: out >> pin & 1 != 0, enable: enable >> pin & 1 != 0 },
            (SPI, 1) | (UART, 0 | 3) => HIGH,
            (SPI, 2 | 3) => LOW,
            _ => Wish::default(),
        }
    }
}
