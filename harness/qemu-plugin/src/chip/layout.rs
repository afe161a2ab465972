//! What a chip is: a memory map, peripherals, and the wires between them. It may be
//! a part of one, over a machine that has the rest.

use crate::qemu::{Memory, SecondCore};

use super::bus::Block;
use super::peripheral::{Context, Peripheral};
use super::turns::Turns;

/// Where things are: data that never changes.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The chip's name.
    pub(crate) name: &'static str,
    /// The processor of QEMU's that it is put over.
    pub(crate) core: Core,
    /// What its second core is, if it can have one.
    pub(crate) second: Option<SecondCore>,
    /// Its memories, which hide all that the machine has; `None` if only its blocks
    /// are laid over a machine that keeps the rest.
    pub(crate) own: Option<Memories>,
    /// Registers.
    pub(crate) blocks: &'static [Block],
    /// The offsets in mirrored blocks whose loads have an effect while there is one
    /// core. Seen are those by `ldr rt, [rn, #offset]`, as compilers write them. With
    /// two cores each `ldr` is looked at.
    pub(crate) loads: &'static [u32],
    /// How many pins it has, at most 32.
    pub(crate) pins: u32,
    /// The address of the register that has their levels, pin 0 in bit 0.
    pub(crate) levels: u32,
    /// The device of the machine's whose pins these are instead of: its path stands
    /// for them.
    pub(crate) pins_of: Option<&'static str>,
    /// How many analog inputs it has.
    pub(crate) analog: u32,
    /// Its UARTs, in the order of their numbers.
    pub(crate) uarts: &'static [&'static str],
}

/// The memories of a whole chip.
#[derive(Debug)]
pub(crate) struct Memories {
    /// The read-only memory that the processor begins in: first address, bytes.
    pub(crate) rom: (u32, u32),
    /// RAM by name: first address, bytes.
    pub(crate) ram: &'static [(&'static str, u32, u32)],
    /// Flash memory.
    pub(crate) flash: Flash,
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

    /// The levels of the interrupt lines of `core`.
    fn interrupts(&self, core: usize) -> u32;

    /// Whose turn it is, if it can have two cores; part of its state.
    fn turns(&mut self) -> Option<&mut Turns> {
        None
    }

    /// Whether its second core is kept from running by the chip itself.
    fn is_second_held(&self) -> bool {
        false
    }

    /// The outside puts `level` on `pin`, or lets it go.
    fn drive(&mut self, pin: u32, level: Option<bool>, context: &mut Context);

    /// Nobody drives `pin`, and it picks up noise from now on, which follows from `seed`.
    fn noise(&mut self, pin: u32, seed: u64, context: &mut Context);

    /// The pins that the firmware has made inputs and that nothing decides: no driver
    /// inside or outside, no resistor. Bit by bit.
    fn undriven(&self) -> u32;

    /// An analog input has `value` from now on: microvolts, or thousandths of a
    /// degree Celsius where it is a thermometer.
    fn drive_analog(&mut self, input: u32, value: i32, context: &mut Context);

    /// Whether UART number `uart` can take a byte.
    fn has_room(&self, uart: usize) -> bool;

    /// UART number `uart` receives `byte`.
    fn receive(&mut self, uart: usize, byte: u8, context: &mut Context);

    /// What the firmware has enabled since power-on to speak by.
    fn spoken(&self) -> Spoken;

    /// After a load by `core` from a mirrored block: what it does beside
    /// giving the value; whether that may have changed an interrupt. The clock
    /// cannot be read here.
    fn loaded(&mut self, _core: usize, _block: usize, _offset: u32) -> bool {
        false
    }

    /// Another one in the same state, for checkpoints. Its mirrored blocks stand in the
    /// same memory, which is kept and given back with all memory.
    fn boxed_clone(&self) -> Box<dyn Chip>;

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

/// Makes a chip. It is given the memory of each mirrored block, in their order, as
/// its first core sees it, then as its second one does, if it is to have one; that of
/// its flash, empty if it is a part of a chip; and a number that all that is random in
/// it comes from, 0 if it is such a part.
pub(crate) type Make = fn(&[Memory], Memory, u64) -> Box<dyn Chip>;
