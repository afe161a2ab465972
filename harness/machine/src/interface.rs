//! What a machine can do.

pub use replab_record::FindingKind;
use replab_record::{Event, Level, MachineTime, PinName, PortName, Registers, Timing};

use crate::MachineError;

/// One running board: what every backend has, and as `Option`s what only some have.
///
/// Which are there is known before a run, so that a scenario which needs what a
/// target lacks is skipped with that reason.
pub struct Machine {
    /// Go, stop, type.
    pub run: Box<dyn StopGo>,
    /// Pins that the lab drives. Edges of outputs come as events without being asked for.
    pub pins: Option<Box<dyn Pins>>,
    /// Wires to its pins that the lab breaks.
    pub wires: Option<Box<dyn Wires>>,
    /// Analog inputs that the lab drives.
    pub analog: Option<Box<dyn Analog>>,
    /// Pins that can pick up noise.
    pub noise: Option<Box<dyn Noise>>,
    /// Memory, while stopped.
    pub memory: Option<Box<dyn Memory>>,
    /// The processor's registers, while stopped.
    pub processor: Option<Box<dyn Processor>>,
    /// Power that the lab can cut.
    pub power: Option<Box<dyn Power>>,
    /// What the firmware touches that is not emulated, where that is noticed.
    pub findings: Option<Box<dyn Findings>>,
    /// States that it can go back to.
    pub checkpoints: Option<Box<dyn Checkpoints>>,
    /// What drives its clock.
    pub timing: Timing,
    /// How many cores it has.
    pub cores: u32,
}

/// A machine that is stopped except inside [`StopGo::go`].
pub trait StopGo {
    /// The machine time at which it is stopped.
    fn now(&self) -> MachineTime;

    /// Runs to `until`, or to the first of `conditions`, a fault or a reset that
    /// the firmware asks for. The events of the way, in order, come with the stop.
    ///
    /// The stop is late by less than one instruction where the firmware is busy,
    /// exact where it sleeps; judge by the times of events, not by it.
    /// `until` in the past returns at once with [`StopCause::Time`].
    fn go(&mut self, until: MachineTime, conditions: &[Condition]) -> Result<Stop, MachineError>;

    /// Types `bytes` on `port`: the first arrives one character time after `from`
    /// (or after what is still on its way, or after now, whichever is latest), the
    /// others one character time apart. A byte for which the UART has no room is
    /// tried again one character time later, and none is lost.
    /// Returns the time at which the last one is due. The machine must be let go for any of it to happen.
    fn send(
        &mut self,
        port: &PortName,
        bytes: &[u8],
        from: MachineTime,
    ) -> Result<MachineTime, MachineError>;

    /// How many bytes typed on `port` have not reached the UART yet.
    fn pending(&mut self, port: &PortName) -> Result<usize, MachineError>;

    /// Pulls the reset line: the firmware starts again at the next `go`. Pending
    /// input is dropped, also levels that are to be driven later; flash and the clock
    /// are kept, outputs are unknown.
    /// The returned events hold the [`Event::Reset`].
    fn reset(&mut self) -> Result<Vec<Event>, MachineError>;
}

/// Pins that the lab drives.
pub trait Pins {
    /// From `at` on (or from now on, if that is later) `pin` is driven to `level`:
    /// [`Level::High`], [`Level::Low`], or [`Level::Floating`] to let it go.
    fn drive(&mut self, pin: &PinName, level: Level, at: MachineTime) -> Result<(), MachineError>;

    /// Whether a driven pin can interrupt the processor, if the firmware wants that.
    fn interrupt(&self) -> bool {
        true
    }
}

/// Pins that can pick up noise.
pub trait Noise {
    /// From `at` on (or from now on, if that is later) nobody drives `pin`, and where
    /// no resistor of the chip's decides it either, its level changes at random times,
    /// which follow from `seed`. Each change is an [`Event::Driven`]; the first of
    /// them says [`Level::Floating`], and so does one when a resistor or the firmware
    /// decides the pin again. Until [`Pins::drive`] drives it.
    fn pick_up(&mut self, pin: &PinName, seed: u64, at: MachineTime) -> Result<(), MachineError>;
}

/// Wires between the lab and the pins, which can break.
pub trait Wires {
    /// From now on the wire to `pin` is like `wire`, also through resets and power cuts.
    /// What that changes comes as an [`Event::Driven`] with the next stop.
    ///
    /// No end of a bridge may be an end of another one, and its two ends differ.
    fn set(&mut self, pin: &PinName, wire: &Wire) -> Result<(), MachineError>;

    /// The levels that came to broken wires since the last call, in order.
    fn take_lost(&mut self) -> Vec<Lost>;
}

/// The state of the wire to a pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wire {
    /// It carries what is driven. Where it was broken, that is the last level that came.
    Whole,
    /// No drive reaches the pin, and nobody else drives it.
    Open,
    /// The pin has this level, [`Level::High`] or [`Level::Low`], whatever is driven.
    Shorted(Level),
    /// What this other pin, an output, is, the pin is in the same nanosecond.
    Bridged(PinName),
}

/// A driven level that did not reach its pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The pin.
    pub pin: PinName,
    /// What it would have been.
    pub level: Level,
    /// When.
    pub at: MachineTime,
}

/// Analog inputs that the lab drives.
pub trait Analog {
    /// From `at` on (or from now on, if that is later) input number `input` of the
    /// board's converter has `value`: microvolts, or thousandths of a degree Celsius
    /// where it is the chip's thermometer. No event tells of it.
    fn drive(&mut self, input: u32, value: i32, at: MachineTime) -> Result<(), MachineError>;
}

/// The processor of a stopped machine.
pub trait Processor {
    /// Its registers as they are.
    fn registers(&mut self) -> Result<Registers, MachineError>;
}

/// The supply of a machine.
pub trait Power {
    /// Cuts the power and gives it back: flash and the board's `nonvolatile:`
    /// regions are as they were at this instant, all other RAM holds [`PAINT`],
    /// pending input is dropped, outputs are unknown, and machine time runs on.
    /// Levels that the lab drives are driven again at the next `go`.
    /// The returned events hold the [`Event::Reset`].
    fn cycle(&mut self) -> Result<Vec<Event>, MachineError>;
}

/// A machine that notices what it does not emulate.
pub trait Findings {
    /// What the firmware has touched since the last call, each register once for
    /// loads and once for stores in the life of a process.
    fn take(&mut self) -> Vec<Finding>;

    /// Whether the firmware has enabled a USB controller since power-on, which is not
    /// emulated, and never a UART: then nothing can come on any port.
    fn is_usb_only(&mut self) -> Result<bool, MachineError>;
}

/// A machine whose state can be kept and given back.
///
/// What is kept is all that a later `go` depends on, and what the lab has not been
/// told yet: events and findings. A checkpoint goes with the power: after
/// [`Power::cycle`] those kept before are [`MachineError::NoCheckpoint`].
pub trait Checkpoints {
    /// Keeps the state of the stopped machine, pending input and driven levels
    /// included. Those kept before stay.
    fn keep(&mut self) -> Result<Checkpoint, MachineError>;

    /// Gives the machine the state that it had at `checkpoint`, machine time
    /// included. As often as wanted. How much of the desk clock is left stays as it is.
    fn restore(&mut self, checkpoint: Checkpoint) -> Result<(), MachineError>;
}

/// One kept state of one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint(pub(crate) usize);

/// An access whose effect is not that of the real chip, or trouble at a pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// When.
    pub at: MachineTime,
    /// Why.
    pub kind: FindingKind,
    /// Whose register it is, `PIO0`, or what was asked for in vain; or the pin.
    pub block: String,
    /// The register's address; 0 of a short circuit.
    pub address: u32,
    /// Whether it was stored to.
    pub is_store: bool,
    /// Where the processor was: at the instruction, or at the first one of its block.
    /// `None` if it was none of its doing.
    pub pc: Option<u32>,
}

/// What each byte of RAM holds at power-on, where the firmware's file puts nothing else.
pub const PAINT: u8 = 0xa5;

/// Memory of a stopped machine.
pub trait Memory {
    /// `length` bytes from `address` on.
    fn read(&mut self, address: u32, length: usize) -> Result<Vec<u8>, MachineError>;

    /// Puts `bytes` at `address`, also into flash, without the firmware's doing.
    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), MachineError>;
}

/// What ends a `go` early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The bytes that the firmware sends on `port` end with `pattern`. Bytes
    /// sent before this `go` count as its beginning, those before the last reset do not.
    Bytes {
        /// The port.
        port: PortName,
        /// 1 to 256 bytes.
        pattern: Vec<u8>,
    },
    /// An output changes to `level`, or changes at all.
    Edge {
        /// The pin.
        pin: PinName,
        /// The level that it must change to; `None` for any.
        level: Option<Level>,
    },
}

/// Why and when a machine stopped, and what happened on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// When.
    pub at: MachineTime,
    /// Why.
    pub cause: StopCause,
    /// What happened since the last stop, in order.
    pub events: Vec<Event>,
}

/// Why a machine stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopCause {
    /// The time that was asked for has come.
    Time,
    /// `conditions[index]` came true.
    Condition {
        /// Index into the conditions of this `go`.
        index: usize,
    },
    /// The processor is about to enter a fault handler; none of its instructions has run.
    Fault(Fault),
    /// The processor cannot go on: a fault in its fault handler, or none to be
    /// entered (Armv6-M ARM §B1.5.15). The machine has ended but for its memory
    /// and registers, which can still be read.
    Lockup(Registers),
    /// The chip's boot ROM was given what it cannot go on from, and sleeps for good.
    Rom(RomEnd),
    /// The firmware asked for a reset, which has not happened yet: [`StopGo::reset`] does it.
    Reset,
    /// [`MOST_EVENTS`] events have come in this `go`.
    Full,
}

/// What firmware ends in the boot ROM of its chip with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RomEnd {
    /// It asked for the boot loader of its chip, which waits on USB for another
    /// program (RP2040 data sheet §2.8.3.1.4, `reset_to_usb_boot`).
    UsbBoot,
    /// The flash holds no program: its first word is that of erased flash.
    Blank,
    /// An exception came before it had a vector table of its own.
    Fault,
}

/// After so many events a `go` ends by itself, so that a flood needs no more
/// memory than this. Nothing is lost: the next `go` goes on.
pub const MOST_EVENTS: usize = 1 << 18;

/// A fault exception at its entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Exception number: 3 HardFault, 4 MemManage, 5 BusFault, 6 UsageFault (Armv7-M ARM §B1.5.2).
    pub exception: u8,
    /// The registers at the instruction that faulted: what the exception stacked,
    /// the rest as it is in the handler. `sp` is the one before the exception.
    /// If the stack pointer points at no memory, what should have been stacked is zero.
    pub registers: Registers,
    /// Whether the stacked part could be read.
    pub is_stacked: bool,
}
