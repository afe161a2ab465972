//! What stands on each pin, and who sees it: GPIO, GPIOTE, the outside.

use crate::chip::layout::{Chip, ResetBy, Spoken};
use crate::chip::noise::Noise;
use crate::chip::peripheral::{Context, Effect, Peripheral, Pin};
use crate::chip::storage::Storage;
use crate::qemu::Memory;

use super::gpio::{Gpio, PINS};
use super::gpiote::Gpiote;
use super::map::{GPIOTE_LINE, NAMES, Name};

/// The pins and what is connected to them.
#[derive(Clone)]
struct Nrf51 {
    gpio: Gpio,
    gpiote: Gpiote,
    ppi: Storage,
    pins: [Pin; PINS as usize],
    /// What the outside puts on them.
    outside: [Option<bool>; PINS as usize],
    /// What they pick up where nobody drives them.
    noise: Noise,
    /// Those that the firmware sees and that nothing decides.
    undriven: u32,
    /// The levels on them.
    levels: u32,
    /// What IN shows of them.
    inputs: u32,
    /// Those whose SENSE is met.
    sensed: u32,
}

/// Without power so far. Nothing here is mirrored or random.
pub(crate) fn make(_mirrors: &[Memory], _flash: Memory, _seed: u64) -> Box<dyn Chip> {
    Box::new(Nrf51::new())
}

impl Nrf51 {
    fn new() -> Nrf51 {
        Nrf51 {
            gpio: Gpio::new(),
            gpiote: Gpiote::new(),
            ppi: Storage::only(0x1000),
            pins: [Pin::default(); PINS as usize],
            outside: [None; PINS as usize],
            noise: Noise::default(),
            undriven: 0,
            levels: 0,
            inputs: 0,
            sensed: 0,
        }
    }

    /// Works out the pins of `mask` anew.
    fn look_at_pins(&mut self, mask: u32, context: &mut Context) {
        for pin in (0..PINS).filter(|pin| mask >> pin & 1 != 0) {
            let now = self.gpio.pin(pin, self.output(pin));
            let old = std::mem::replace(&mut self.pins[pin as usize], now);
            if (now.driven, now.number()) != (old.driven, old.number()) {
                context.effects.push(Effect::Pin { pin, level: now.number() });
            }
            let (outside, was) = (self.outside[pin as usize], self.levels >> pin & 1 != 0);
            if now.is_short(outside) {
                context.effects.push(Effect::Short { pin });
            }
            let floats = now.floats(outside);
            if self.noise.decides(pin, floats, was, context.now) {
                context.effects.push(Effect::Noise { pin, level: -1 });
            }
            let level = now.level(outside, self.noise.level(pin), was);
            if level != was {
                self.gpiote.edge(pin, level);
            }
            let is_connected = self.gpio.is_connected(pin) || self.gpiote.watches(pin);
            put(&mut self.undriven, pin, floats && is_connected);
            put(&mut self.levels, pin, level);
            put(&mut self.inputs, pin, level && is_connected);
            put(&mut self.sensed, pin, is_connected && self.gpio.senses(pin, level));
        }
        self.gpio.set_inputs(self.inputs);
        self.gpiote.set_detect(self.sensed != 0);
    }

    /// The level that the pin is to have if it is an output. A channel of GPIOTE that
    /// drives it makes it one, and OUT has no say then (§15).
    fn output(&self, pin: u32) -> Option<bool> {
        let of_gpio = || self.gpio.is_output(pin).then(|| self.gpio.output(pin));
        self.gpiote.output(pin).or_else(of_gpio)
    }
}

fn put(word: &mut u32, bit: u32, value: bool) {
    *word = *word & !(1 << bit) | u32::from(value) << bit;
}

impl Chip for Nrf51 {
    fn peripheral(&mut self, block: usize) -> &mut dyn Peripheral {
        match NAMES[block] {
            Name::Gpio => &mut self.gpio,
            Name::Gpiote => &mut self.gpiote,
            Name::Ppi => &mut self.ppi,
        }
    }

    fn settle(&mut self, _block: usize, context: &mut Context) {
        let touched = self.gpio.take_touched() | self.gpiote.take_touched();
        if touched != 0 {
            self.look_at_pins(touched, context);
        }
    }

    /// Nothing here happens by itself but noise.
    fn advance(&mut self, context: &mut Context) {
        let changed = self.noise.advance(context.now);
        self.look_at_pins(changed, context);
        for pin in (0..PINS).filter(|pin| changed >> pin & 1 != 0) {
            let level = i32::from(self.levels >> pin & 1 != 0);
            context.effects.push(Effect::Noise { pin, level });
        }
    }

    fn next_deadline(&self) -> Option<u64> {
        self.noise.next_deadline()
    }

    fn boxed_clone(&self) -> Box<dyn Chip> {
        Box::new(self.clone())
    }

    fn interrupts(&self, _core: usize) -> u32 {
        self.gpiote.interrupts() << GPIOTE_LINE
    }

    fn drive(&mut self, pin: u32, level: Option<bool>, context: &mut Context) {
        self.outside[pin as usize] = level;
        self.noise.stop(pin);
        self.look_at_pins(1 << pin, context);
    }

    fn noise(&mut self, pin: u32, seed: u64, context: &mut Context) {
        self.outside[pin as usize] = None;
        self.noise.start(pin, seed);
        self.look_at_pins(1 << pin, context);
    }

    fn undriven(&self) -> u32 {
        self.undriven
    }

    fn drive_analog(&mut self, _input: u32, _value: i32, _context: &mut Context) {}

    fn has_room(&self, _uart: usize) -> bool {
        false
    }

    fn receive(&mut self, _uart: usize, _byte: u8, _context: &mut Context) {}

    /// The machine's UART is one of QEMU's.
    fn spoken(&self) -> Spoken {
        Spoken::default()
    }

    /// All is as at power-on, whoever asks; what the outside drives it goes on to.
    fn reset(&mut self, _by: ResetBy, context: &mut Context) {
        for block in 0..NAMES.len() {
            self.peripheral(block).reset(context.now);
            self.settle(block, context);
        }
        // Whoever watches takes all outputs for unknown now.
        context.effects.retain(|effect| matches!(effect, Effect::Noise { .. }));
    }
}

#[cfg(test)]
mod tests;
