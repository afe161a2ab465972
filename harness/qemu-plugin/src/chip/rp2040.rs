//! The RP2040 (RP2040 data sheet, build 2022-06-30).
//!
//! [`map`] says where everything is, [`wires`] carries what one peripheral does to
//! the others, and each other file is a peripheral.

mod adc;
#[cfg(test)]
mod any_access;
mod boot_rom;
mod clocks;
mod flash_chip;
mod i2c;
mod io_bank0;
mod map;
mod oscillators;
mod power;
mod pwm;
mod resets;
mod rtc;
mod sio;
mod spi;
mod ssi;
mod timer;
mod uart;
mod watchdog;
mod wires;

pub(crate) use map::LAYOUT;
pub(crate) use wires::make;
