//! What a chip is: a memory map, peripherals, and the wires between them.

use crate::qemu::Memory;

use super::bus::Block;
use super::peripheral::{Context, Peripheral};

/// Where things are: data that never changes.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The chip's name.
    pub(crate) name: &'static str,
    /// The processor of QEMU's that it is put over.
    pub(crate) core: Core,
    /// The read-only memory that the processor begins in: first address, bytes.
    pub(crate) rom: (u32, u32),
    /// RAM by name: first address, bytes.
    pub(crate) ram: &'static [(&'static str, u32, u32)],
    /// Flash memory.
    pub(crate) flash: Flash,
    /// Registers.
    pub(crate) blocks: &'static [Block],
    /// The offsets in mirrored blocks whose loads have an effect. Seen are those by
    /// `ldr rt, [rn, #offset]`, as compilers write them.
    pub(crate) loads: &'static [u32],
    /// How many pins it has.
    pub(crate) pins: u32,
    /// How many analog inputs it has.
    pub(crate) analog: u32,
    /// Its UARTs, in the order of their numbers.
    pub(crate) uarts: &'static [&'static str],
}

/// Flash memory that the processor can run from.
#[derive(Debug)]
pub(crate) struct Flash {
    /// Where it is seen, the first address first.
    pub(crate) at: &'static [u32],
    /// Bytes.
    pub(crate) size: u32,
}

/// A processor of QEMU's, by the paths of its parts.
#[derive(Debug)]
pub(crate) struct Core {
    /// The container of its memory.
    pub(crate) memory: &'static str,
    /// The device that has its interrupt inputs.
    pub(crate) interrupts: &'static str,
    /// How many of these the chip uses, at most 32.
    pub(crate) lines: u32,
    /// Its clock.
    pub(crate) clock: &'static str,
    /// How fast the chip's SysTick counts.
    pub(crate) hertz: u64,
}

/// A chip at work.
///
/// Each method may leave effects in the context. Time is `context.now`.
pub(crate) trait Chip: Send {
    /// The peripheral behind a block of the layout.
    fn peripheral(&mut self, block: usize) -> &mut dyn Peripheral;

    /// Carries on what an access to `block` changed: other peripherals, pins.
    fn settle(&mut self, block: usize, context: &mut Context);

    /// Does all that is due.
    fn advance(&mut self, context: &mut Context);

    /// When something is due next.
    fn next_deadline(&self) -> Option<u64>;

    /// The levels of the interrupt lines of its core.
    fn interrupts(&self) -> u32;

    /// The outside puts `level` on `pin`, or lets it go.
    fn drive(&mut self, pin: u32, level: Option<bool>, context: &mut Context);

    /// An analog input has `value` from now on: microvolts, or thousandths of a
    /// degree Celsius where it is a thermometer.
    fn drive_analog(&mut self, input: u32, value: i32, context: &mut Context);

    /// Whether UART number `uart` can take a byte.
    fn has_room(&self, uart: usize) -> bool;

    /// UART number `uart` receives `byte`.
    fn receive(&mut self, uart: usize, byte: u8, context: &mut Context);

    /// What the firmware has enabled since power-on to speak by.
    fn spoken(&self) -> Spoken;

    /// After a load by the firmware from a mirrored block: what it does beside
    /// giving the value; whether that may have changed an interrupt. The clock
    /// cannot be read here.
    fn loaded(&mut self, _block: usize, _offset: u32) -> bool {
        false
    }

    /// The chip is reset: for the reason that it remembers, or by somebody else.
    fn reset(&mut self, by: ResetBy, context: &mut Context);
}

/// Who resets a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResetBy {
    /// It gets power.
    Power,
    /// Its reset line is pulled, unless the chip itself has asked.
    Line,
    /// Its processor asked (SYSRESETREQ).
    Core,
}

/// What firmware has enabled since power-on to speak by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spoken {
    /// A UART.
    pub(crate) uart: bool,
    /// The USB controller.
    pub(crate) usb: bool,
}

/// Makes a chip. It is given the memory of each mirrored block, in their order,
/// and a number that all that is random in it comes from.
pub(crate) type Make = fn(&[Memory], u64) -> Box<dyn Chip>;
