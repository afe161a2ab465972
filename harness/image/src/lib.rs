//! Firmware's files: ELF, UF2 and raw images, and what of them goes where in flash.
//!
//! Pure: bytes in, pieces with addresses out, and back. A file is taken for what its
//! first bytes say ([`Format`]); each format has a reader, which refuses what is wrong
//! and says at which block or offset. [`elf`] gives segments, because a program in an
//! ELF file has more than its flash; [`uf2`] and [`bin`] give a [`FlashImage`]. What
//! the firmware's code must look like is for the machine that runs it to say.

pub mod bin;
pub mod elf;
mod flash;
mod format;
pub mod second_stage;
pub mod uf2;

pub use flash::{FlashImage, Overlap, Piece, Range};
pub use format::Format;
