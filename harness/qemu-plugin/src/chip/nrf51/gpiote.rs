//! GPIOTE (nRF51 Series Reference Manual v3.0 §15): tasks that drive pins, events that
//! pins cause, and the interrupt.
//!
//! Each of the four channels has one pin and one mode. A channel in task mode has the
//! pin's output to itself. A channel in event mode looks at the pin; what the manual
//! leaves open is decided so: its input buffer is connected, as an input's must be,
//! and an output goes on driving, which Nordic's own driver relies on
//! (`nrf_drv_gpiote` of the nRF5 SDK 11, `is_watcher`). Two channels with one pin
//! are "unpredictable"; here the first one in task mode has it, and all in event mode
//! see it.

use serde::{Deserialize, Serialize};

use crate::chip::peripheral::{Context, Peripheral, Support, Write};

/// How many channels there are.
const CHANNELS: u32 = 4;

/// Registers (§15).
const TASKS_OUT: u32 = 0;
const TASKS_OUT_LAST: u32 = TASKS_OUT + 4 * (CHANNELS - 1);
const EVENTS_IN: u32 = 0x100;
const EVENTS_IN_LAST: u32 = EVENTS_IN + 4 * (CHANNELS - 1);
const EVENTS_PORT: u32 = 0x17c;
const INTENSET: u32 = 0x304;
const INTENCLR: u32 = 0x308;
const CONFIG: u32 = 0x510;
const CONFIG_LAST: u32 = CONFIG + 4 * (CHANNELS - 1);

/// Bits of INTENSET and INTENCLR: IN[0] to IN[3], and PORT.
const PORT: u32 = 1 << 31;
const ALL_EVENTS: u32 = PORT | 0xf;

/// Fields of CONFIG: MODE, PSEL, POLARITY, OUTINIT.
const CONFIG_ALL: u32 = 3 | 0x1f << 8 | 3 << 16 | 1 << 20;

/// What a channel does with its pin (the field MODE; 2 is none).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Disabled,
    Event,
    Task,
}

/// The field POLARITY: which edges are events, or what the task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Polarity {
    None,
    LowToHigh,
    HighToLow,
    Toggle,
}

/// See the head of this module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Gpiote {
    configurations: [u32; CHANNELS as usize],
    /// What the channels put on their pins, those in task mode.
    outputs: [bool; CHANNELS as usize],
    /// By the bits of INTENSET.
    events: u32,
    enabled: u32,
    /// Whether DETECT was high when it was last told.
    detect: bool,
    /// The pins whose owner or output may have changed since somebody asked.
    touched: u32,
}

impl Gpiote {
    pub(super) fn new() -> Gpiote {
        Gpiote {
            configurations: [0; CHANNELS as usize],
            outputs: [false; CHANNELS as usize],
            events: 0,
            enabled: 0,
            detect: false,
            touched: 0,
        }
    }

    /// The pins to be looked at anew.
    pub(super) fn take_touched(&mut self) -> u32 {
        std::mem::take(&mut self.touched)
    }

    /// The level of the channel that drives `pin`; `None` if none does.
    pub(super) fn output(&self, pin: u32) -> Option<bool> {
        self.of(pin, Mode::Task).next().map(|channel| self.outputs[channel])
    }

    /// Whether a channel in event mode has `pin`.
    pub(super) fn watches(&self, pin: u32) -> bool {
        self.of(pin, Mode::Event).next().is_some()
    }

    /// `pin` changed to `level`.
    pub(super) fn edge(&mut self, pin: u32, level: bool) {
        let met: u32 = self
            .of(pin, Mode::Event)
            .filter(|channel| match self.polarity(*channel) {
                Polarity::None => false,
                Polarity::LowToHigh => level,
                Polarity::HighToLow => !level,
                Polarity::Toggle => true,
            })
            .map(|channel| 1 << channel)
            .sum();
        self.events |= met;
    }

    /// DETECT, by which GPIO tells that some pin senses its level, is `level`: PORT
    /// occurs where it rises.
    pub(super) fn set_detect(&mut self, level: bool) {
        if level && !self.detect {
            self.events |= PORT;
        }
        self.detect = level;
    }

    fn of(&self, pin: u32, mode: Mode) -> impl Iterator<Item = usize> + '_ {
        (0..CHANNELS as usize)
            .filter(move |channel| self.mode(*channel) == mode && self.pin(*channel) == pin)
    }

    fn mode(&self, channel: usize) -> Mode {
        match self.configurations[channel] & 3 {
            1 => Mode::Event,
            3 => Mode::Task,
            _ => Mode::Disabled,
        }
    }

    fn pin(&self, channel: usize) -> u32 {
        self.configurations[channel] >> 8 & 0x1f
    }

    fn polarity(&self, channel: usize) -> Polarity {
        match self.configurations[channel] >> 16 & 3 {
            1 => Polarity::LowToHigh,
            2 => Polarity::HighToLow,
            3 => Polarity::Toggle,
            _ => Polarity::None,
        }
    }

    fn trigger(&mut self, channel: usize) {
        if self.mode(channel) != Mode::Task {
            return;
        }
        match self.polarity(channel) {
            Polarity::None => {}
            Polarity::LowToHigh => self.outputs[channel] = true,
            Polarity::HighToLow => self.outputs[channel] = false,
            Polarity::Toggle => self.outputs[channel] ^= true,
        }
        self.touched |= 1 << self.pin(channel);
    }

    fn configure(&mut self, channel: usize, value: u32) {
        self.touched |= 1 << self.pin(channel);
        self.configurations[channel] = value & CONFIG_ALL;
        self.outputs[channel] = value >> 20 & 1 != 0;
        self.touched |= 1 << self.pin(channel);
    }

    /// An event's register holds 1 since it occurred, until 0 is stored (§10).
    fn set_event(&mut self, event: u32, value: u32) {
        self.events = self.events & !event | if value & 1 != 0 { event } else { 0 };
    }
}

/// The bit of the event whose register is at `offset`.
fn event(offset: u32) -> u32 {
    if offset == EVENTS_PORT { PORT } else { 1 << ((offset - EVENTS_IN) / 4) }
}

impl Peripheral for Gpiote {
    fn peek(&self, offset: u32, _now: u64) -> u32 {
        match offset {
            EVENTS_IN..=EVENTS_IN_LAST | EVENTS_PORT => u32::from(self.events & event(offset) != 0),
            INTENSET | INTENCLR => self.enabled,
            CONFIG..=CONFIG_LAST => self.configurations[(offset - CONFIG) as usize / 4],
            _ => 0,
        }
    }

    fn write(&mut self, offset: u32, write: Write, _context: &mut Context) {
        let value = write.value;
        match offset {
            TASKS_OUT..=TASKS_OUT_LAST if value & 1 != 0 => self.trigger(offset as usize / 4),
            EVENTS_IN..=EVENTS_IN_LAST | EVENTS_PORT => self.set_event(event(offset), value),
            INTENSET => self.enabled |= value & ALL_EVENTS,
            INTENCLR => self.enabled &= !value,
            CONFIG..=CONFIG_LAST => self.configure((offset - CONFIG) as usize / 4, value),
            _ => {}
        }
    }

    fn reset(&mut self, _now: u64) {
        *self = Gpiote { touched: u32::MAX, ..Gpiote::new() };
    }

    /// It stands as long as an event that is let through does (§10).
    fn interrupts(&self) -> u32 {
        u32::from(self.events & self.enabled != 0)
    }

    fn support(&self, offset: u32) -> Support {
        match offset {
            TASKS_OUT..=TASKS_OUT_LAST
            | EVENTS_IN..=EVENTS_IN_LAST
            | EVENTS_PORT
            | INTENSET
            | INTENCLR
            | CONFIG..=CONFIG_LAST => Support::Modelled,
            _ => Support::Nothing,
        }
    }
}

#[cfg(test)]
mod tests;
