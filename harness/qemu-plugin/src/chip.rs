//! Chips that QEMU does not have: their memory map and peripherals, over a core
//! that it has.
//!
//! A model of a peripheral is pure ([`peripheral`]); a chip is a list of them and
//! the wires between ([`layout`]): [`rp2040`] as a whole, or [`nrf51`], a part over a
//! machine that has the rest;
//! [`bus`] brings accesses to registers. [`emulation`] is the only part that
//! speaks to QEMU.

pub(crate) mod bus;
pub(crate) mod emulation;
pub(crate) mod layout;
pub(crate) mod noise;
pub(crate) mod nrf51;
pub(crate) mod peripheral;
pub(crate) mod reads;
pub(crate) mod rp2040;
pub(crate) mod storage;
pub(crate) mod turns;
pub(crate) mod undriven;
