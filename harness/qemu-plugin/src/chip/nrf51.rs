//! The pins of an nRF51 (nRF51 Series Reference Manual v3.0): GPIO and GPIOTE, laid
//! over a machine of QEMU's that has all else of the chip.
//!
//! QEMU has a GPIO there, whose levels nobody can make interrupt (10.0.2,
//! `hw/arm/nrf51_soc.c`: there is no GPIOTE, and DETECT leads nowhere). So both are
//! ours, and all that is known of a pin is in one place ([`wires`]).

mod gpio;
mod gpiote;
mod map;
mod wires;

pub(crate) use map::LAYOUT;
pub(crate) use wires::make;
