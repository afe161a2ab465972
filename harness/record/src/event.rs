//! What happens in a run, in the order in which it happened.

use std::fmt;
use std::sync::Arc;

use crate::{Edge, MachineTime, Wave};

/// One UART by the name that its board gives it (`uart0`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortName(Arc<str>);

/// One GPIO line by the name that its board gives it (`P25`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PinName(Arc<str>);

macro_rules! name {
    ($name:ident) => {
        impl $name {
            /// Wraps a name. Whether the board has it is for the board to say.
            pub fn new(name: impl Into<Arc<str>>) -> $name {
                $name(name.into())
            }

            /// The name as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}
name!(PortName);
name!(PinName);

/// The level of a pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// Driven or pulled to the supply.
    High,
    /// Driven or pulled to ground.
    Low,
    /// Nobody drives it.
    Floating,
    /// An output after a reset, until the firmware drives it.
    Unknown,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Level::High => "high",
            Level::Low => "low",
            Level::Floating => "floating",
            Level::Unknown => "unknown",
        })
    }
}

/// Who asked for a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResetCause {
    /// The firmware itself (`machine.reset()`, AIRCR.SYSRESETREQ).
    Firmware,
    /// The lab, by the reset line.
    Lab,
    /// The lab, by cutting the power.
    Power,
}

impl fmt::Display for ResetCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ResetCause::Firmware => "the firmware",
            ResetCause::Lab => "the lab",
            ResetCause::Power => "a power cut",
        })
    }
}

/// One thing that happened, with the nanosecond at which it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The firmware sent one byte: the time is that of the store to the UART's
    /// transmit register.
    Sent {
        /// The port that it was sent on.
        port: PortName,
        /// The byte.
        byte: u8,
        /// When.
        at: MachineTime,
    },
    /// One byte of the lab's reached the UART's receiver.
    Received {
        /// The port that it came in on.
        port: PortName,
        /// The byte.
        byte: u8,
        /// When.
        at: MachineTime,
    },
    /// The firmware changed an output.
    Edge {
        /// Which pin.
        pin: PinName,
        /// What it is from now on.
        level: Level,
        /// When.
        at: MachineTime,
    },
    /// The lab changed an input.
    Driven {
        /// Which pin.
        pin: PinName,
        /// What it is from now on.
        level: Level,
        /// When.
        at: MachineTime,
    },
    /// The machine was reset. Its outputs are [`Level::Unknown`] from now on.
    Reset {
        /// Who asked for it.
        cause: ResetCause,
        /// When.
        at: MachineTime,
    },
}

impl Event {
    /// When it happened.
    pub fn at(&self) -> MachineTime {
        match self {
            Event::Sent { at, .. }
            | Event::Received { at, .. }
            | Event::Edge { at, .. }
            | Event::Driven { at, .. }
            | Event::Reset { at, .. } => *at,
        }
    }

    /// The pin that it is about, if it is about one.
    pub fn pin(&self) -> Option<&PinName> {
        match self {
            Event::Edge { pin, .. } | Event::Driven { pin, .. } => Some(pin),
            _ => None,
        }
    }

    /// Whether the level of `pin` may be another after it.
    fn concerns(&self, pin: &PinName) -> bool {
        matches!(self, Event::Reset { .. }) || self.pin() == Some(pin)
    }
}

/// All that crossed ports and pins in a run, in the order in which it happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    events: Vec<Event>,
}

impl Record {
    /// Appends what happened next.
    pub fn extend(&mut self, events: impl IntoIterator<Item = Event>) {
        self.events.extend(events);
    }

    /// Everything, in order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The bytes that the firmware sent on `port`, with their times.
    pub fn sent<'a>(&'a self, port: &'a PortName) -> impl Iterator<Item = (MachineTime, u8)> + 'a {
        self.events.iter().filter_map(move |event| match event {
            Event::Sent { port: on, byte, at } if on == port => Some((*at, *byte)),
            _ => None,
        })
    }

    /// The edges of `pin` from `start` up to, and without, `end`, and the level before
    /// them. What the lab drives wins over what the firmware does, as a wire would.
    pub fn wave(&self, pin: &PinName, start: MachineTime, end: MachineTime) -> Wave {
        let mut pad = Pad::default();
        let mut before = Level::Unknown;
        let mut edges = Vec::new();
        for event in self.events.iter().take_while(|event| event.at() < end) {
            if !event.concerns(pin) {
                continue;
            }
            pad.take(event);
            let (level, at) = (pad.level(), event.at());
            if at < start {
                before = level;
            } else if edges.last().map_or(before, |edge: &Edge| edge.level) != level {
                edges.push(Edge { at, level });
            }
        }
        Wave { start, end, before, edges }
    }

    /// What `pin` is after all that was recorded.
    pub fn level(&self, pin: &PinName) -> Level {
        let end = MachineTime::from_nanos(u64::MAX);
        self.wave(pin, end, end).before
    }
}

/// Who drives a pin to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pad {
    /// What the firmware does, or its pull.
    output: Level,
    /// What the lab does, once it has done something.
    driven: Option<Level>,
}

impl Default for Pad {
    fn default() -> Pad {
        Pad { output: Level::Unknown, driven: None }
    }
}

impl Pad {
    /// Takes `event`, which is about this pin, or a reset.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Edge { level, .. } => self.output = *level,
            Event::Driven { level, .. } => self.driven = Some(*level),
            Event::Reset { .. } => *self = Pad::default(),
            Event::Sent { .. } | Event::Received { .. } => {}
        }
    }

    /// What a meter would show. What the lab drives wins over what the firmware
    /// does, as a wire would.
    pub fn level(&self) -> Level {
        match (self.driven, self.output) {
            (Some(level @ (Level::High | Level::Low)), _) => level,
            // The lab has let go of a pin that nobody else has touched.
            (Some(level), Level::Unknown) => level,
            (_, output) => output,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What docs/waves.md says of memory.
    #[test]
    fn an_event_takes_32_bytes() {
        assert_eq!(size_of::<Event>(), 32);
    }

    fn edge(pin: &str, level: Level, ns: u64) -> Event {
        Event::Edge { pin: PinName::new(pin), level, at: MachineTime::from_nanos(ns) }
    }

    #[track_caller]
    fn check(start: u64, end: u64, before: Level, edges: &[(u64, Level)]) {
        let mut record = Record::default();
        record.extend([
            edge("P25", Level::High, 10),
            edge("P3", Level::High, 11),
            edge("P25", Level::Low, 20),
            Event::Reset { cause: ResetCause::Lab, at: MachineTime::from_nanos(25) },
            edge("P25", Level::Low, 30),
        ]);
        let wave = record.wave(
            &PinName::new("P25"),
            MachineTime::from_nanos(start),
            MachineTime::from_nanos(end),
        );
        let got: Vec<_> = wave.edges.iter().map(|edge| (edge.at.as_nanos(), edge.level)).collect();
        assert_eq!((wave.before, got.as_slice()), (before, edges));
    }

    #[test]
    fn a_wave_is_one_pins_and_half_open() {
        check(10, 20, Level::Unknown, &[(10, Level::High)]);
        check(11, 21, Level::High, &[(20, Level::Low)]);
    }

    #[test]
    fn a_reset_makes_outputs_unknown() {
        check(21, 40, Level::Low, &[(25, Level::Unknown), (30, Level::Low)]);
    }

    fn driven(level: Level, ns: u64) -> Event {
        Event::Driven { pin: PinName::new("P25"), level, at: MachineTime::from_nanos(ns) }
    }

    /// The levels of P25 and their times, in a record of `events`.
    #[track_caller]
    fn check_levels(events: &[Event], expected: &[(u64, Level)]) {
        let mut record = Record::default();
        record.extend(events.iter().cloned());
        let end = MachineTime::from_nanos(u64::MAX);
        let wave = record.wave(&PinName::new("P25"), MachineTime::ZERO, end);
        let got: Vec<_> = wave.edges.iter().map(|edge| (edge.at.as_nanos(), edge.level)).collect();
        assert_eq!(got, expected);
    }

    /// QEMU says of a pulled input that its output floats while somebody else drives it.
    #[test]
    fn what_the_lab_drives_wins_over_the_firmware() {
        check_levels(
            &[
                edge("P25", Level::High, 10),
                driven(Level::Low, 20),
                edge("P25", Level::Floating, 20),
                driven(Level::Floating, 30),
                edge("P25", Level::High, 30),
            ],
            &[(10, Level::High), (20, Level::Low), (30, Level::Floating), (30, Level::High)],
        );
    }

    #[test]
    fn a_pin_that_the_lab_lets_go_is_what_the_firmware_makes_of_it() {
        check_levels(
            &[driven(Level::High, 10), driven(Level::Floating, 20), edge("P25", Level::Low, 30)],
            &[(10, Level::High), (20, Level::Floating), (30, Level::Low)],
        );
        let reset = Event::Reset { cause: ResetCause::Lab, at: MachineTime::from_nanos(20) };
        check_levels(
            &[driven(Level::High, 10), reset, driven(Level::High, 21)],
            &[(10, Level::High), (20, Level::Unknown), (21, Level::High)],
        );
    }
}
