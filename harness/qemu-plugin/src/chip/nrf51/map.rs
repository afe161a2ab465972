//! What is laid over the machine `microbit` (nRF51 Series Reference Manual v3.0 §5$
//! for the addresses).

use crate::chip::bus::Block;
use crate::chip::layout::{Core, Layout};

use super::gpio::PINS;

/// See the head of this module.
pub(crate) static LAYOUT: Layout = Layout {
    name: "nrf51-pins",
    core: Core {
        memory: "/machine/nrf51/nrf51-container[0]",
        interrupts: "/machine/nrf51/armv6m",
        lines: 32,
        clock: "/machine/nrf51/sysclk",
        // As QEMU has it already.
        hertz: 16_000_000,
    },
    second: None,
    own: None,
    blocks: &BLOCKS,
    loads: &[],
    pins: PINS,
    // IN of GPIO (§14).
    levels: 0x5000_0510,
    pins_of: Some("/machine/nrf51"),
    analog: 0,
    uarts: &[],
};

/// The blocks, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Gpio,
    Gpiote,
    Ppi,
}

/// All of them, in the order of [`BLOCKS`].
pub(super) const NAMES: [Name; 3] = [Name::Gpio, Name::Gpiote, Name::Ppi];

const fn block(name: &'static str, at: u32) -> Block {
    Block { name, at, size: 0x1000, has_aliases: false, is_mirrored: false }
}

static BLOCKS: [Block; NAMES.len()] = [
    block("GPIO", 0x5000_0000),
    block("GPIOTE", 0x4000_6000),
    // Not emulated; here so that whoever uses it is told.
    block("PPI", 0x4001_f000),
];

/// The interrupt of GPIOTE: the number of its place in the address map (§10).
pub(super) const GPIOTE_LINE: u32 = 6;
