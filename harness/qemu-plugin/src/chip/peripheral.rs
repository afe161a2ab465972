//! What a model of a peripheral is: registers, interrupts and deadlines, as a
//! function of accesses and time.
//!
//! A model is pure Rust and knows nothing of QEMU: a test makes one, stores and
//! loads, lets time pass, and looks. The layer around it ([`super::bus`]) does
//! what is the same for all: addresses, narrow accesses, aliases that set, clear
//! or toggle bits, findings. What peripherals do to each other is wired by their
//! chip. State is data: each model derives `Serialize` and `Deserialize`.

/// Where the chip's outside is told what happens inside.
#[derive(Debug, Default)]
pub(crate) struct Context {
    /// Machine time in nanoseconds; it never goes back, also not at a reset.
    pub(crate) now: u64,
    /// The core whose access this is, from 0.
    pub(crate) core: usize,
    /// What leaves the chip, in order.
    pub(crate) effects: Vec<Effect>,
}

/// Something that leaves the chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// UART number `uart` sends a byte: the time is that of the store.
    Sent { uart: usize, byte: u8 },
    /// The chip gives `pin` another level, or drives what its resistor held: 1, 0,
    /// or -1 if it floats.
    Pin { pin: u32, level: i32 },
    /// The chip resets itself. What it is to know afterwards it remembers.
    Reset,
    /// Flash memory takes `length` bytes of 0xff from the processor's address `at` on.
    Erase { at: u32, length: u32 },
    /// Flash memory from address `at` on keeps those bits set that are also set in
    /// the `length` bytes from address `from` on.
    Program { at: u32, from: u32, length: u32 },
    /// Flash memory from address `at` on keeps those bits set that are also set in `bytes`.
    ProgramBytes { at: u32, bytes: Vec<u8> },
    /// The boot ROM cannot go on: its call, and the call's first three arguments.
    GaveUp { call: u32, arguments: [u32; 3] },
    /// The same if the code that does it stands in the ROM: a program may do so for itself.
    GaveUpInRom { call: u32, arguments: [u32; 3] },
    /// Something was touched that is not emulated.
    Found(Finding),
    /// Noise gives `pin` another level: 1, 0, or -1 if something else decides it.
    Noise { pin: u32, level: i32 },
    /// The chip drives `pin` to one level and the outside to the other.
    Short { pin: u32 },
}

/// An access whose effect is not that of the real chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Finding {
    /// Why.
    pub(crate) support: Support,
    /// Whose register it is: `PIO0`, or `nothing`.
    pub(crate) block: &'static str,
    /// Of the register; without the bits of an alias.
    pub(crate) address: u32,
    /// Whether it was stored to.
    pub(crate) is_store: bool,
}

/// How much of a register is emulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Support {
    /// It does what the data sheet says, or what it would do cannot be seen here
    /// (the strength of a pad).
    Modelled,
    /// It keeps what is stored, and does nothing.
    Storage,
    /// There is no such register.
    Nothing,
}

/// A store, after the layer has seen to its width and alias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Write {
    /// What an ordinary register holds from now on.
    pub(crate) value: u32,
    /// The bits that were stored as 1, whatever the alias: what registers clear
    /// of which the data sheet says "write 1 to clear".
    pub(crate) ones: u32,
}

impl From<u32> for Write {
    fn from(value: u32) -> Write {
        Write { value, ones: value }
    }
}

/// A block of registers. Offsets are multiples of 4 from its start.
pub(crate) trait Peripheral {
    /// What the register at `offset` holds at `now`, without an effect on anything.
    fn peek(&self, offset: u32, now: u64) -> u32;

    /// A load by the firmware, where that has an effect.
    fn read(&mut self, offset: u32, context: &mut Context) -> u32 {
        self.peek(offset, context.now)
    }

    /// A store by the firmware.
    fn write(&mut self, offset: u32, write: Write, context: &mut Context);

    /// It is as after a reset from `now` on.
    fn reset(&mut self, now: u64);

    /// The levels of its interrupts, bit 0 the first.
    fn interrupts(&self) -> u32 {
        0
    }

    /// When it next does something by itself, in nanoseconds of machine time.
    fn next_deadline(&self) -> Option<u64> {
        None
    }

    /// Does all that is due at `context.now`. Called at [`Peripheral::next_deadline`],
    /// not earlier, and late by less than one instruction.
    fn advance(&mut self, _context: &mut Context) {}

    /// How much of the register at `offset` is emulated.
    fn support(&self, _offset: u32) -> Support {
        Support::Modelled
    }
}

/// One pin of a chip, as its outside sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pin {
    /// The level that the chip puts on it; `None` if it does not drive it.
    pub(crate) driven: Option<bool>,
    /// The level that the chip's own resistor gives it when nobody drives it.
    pub(crate) pull: Option<bool>,
    /// Whether it keeps the level that it had last, when nobody drives it.
    pub(crate) keeps: bool,
}

impl Pin {
    /// The level that the chip gives it, by a driver or a resistor, as the plugin's
    /// protocol writes it: -1 if it floats.
    pub(crate) fn number(self) -> i32 {
        self.driven.or(self.pull).map_or(-1, i32::from)
    }

    /// Whether nothing decides its level while the outside puts `outside` there.
    pub(crate) fn floats(self, outside: Option<bool>) -> bool {
        self.driven.or(outside).or(self.pull).is_none() && !self.keeps
    }

    /// The level on it while the outside puts `outside` there, it picks up `noise` if
    /// nothing decides it, and `last` was there before. If everybody lets go it is low,
    /// as it is after a while on a board.
    pub(crate) fn level(self, outside: Option<bool>, noise: Option<bool>, last: bool) -> bool {
        let kept = self.keeps.then_some(last);
        self.driven.or(outside).or(self.pull).or(kept).or(noise).unwrap_or(false)
    }

    /// Whether its driver and the outside are against each other.
    pub(crate) fn is_short(self, outside: Option<bool>) -> bool {
        self.driven.zip(outside).is_some_and(|(one, other)| one != other)
    }
}
