//! Chips that QEMU does not have: their memory map and peripherals, over a core
//! that it has.
//!
//! A model of a peripheral is pure ([`peripheral`]); a chip is a list of them and
//! the wires between ([`layout`], and [`rp2040`] as the one that there is);
//! [`bus`] brings accesses to registers. [`emulation`] is the only part that
//! speaks to QEMU.

pub(crate) mod bus;
pub(crate) mod emulation;
pub(crate) mod layout;
pub(crate) mod peripheral;
pub(crate) mod rp2040;
pub(crate) mod storage;
