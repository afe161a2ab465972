//! UF2: blocks of 512 bytes, each with an address, for boot loaders that look like a disk.
//!
//! The format is Microsoft's (github.com/microsoft/uf2, README). What the RP2040's boot
//! ROM asks beyond it stands in the RP2040 data sheet §2.8.4.2: 256 bytes in each block,
//! at a multiple of 256. A boot loader passes over what it does not like and waits for
//! ever for the rest; here such a file is refused, with the block that is wrong.

mod families;
mod read;
mod write;

pub use families::Family;
pub use read::{Uf2Error, read};
pub use write::write;

/// The size of a block.
pub const BLOCK: usize = 512;

/// The bytes of a block that may be the flash's.
pub const MOST_PAYLOAD: u32 = 476;

/// The first word of each block: `UF2` and a newline.
pub const MAGIC_START_0: u32 = 0x0a32_4655;
/// The second.
pub const MAGIC_START_1: u32 = 0x9e5d_5157;
/// The last.
pub const MAGIC_END: u32 = 0x0ab1_6f30;

/// A block that is not for the flash of the main processor.
const NOT_MAIN_FLASH: u32 = 0x0000_0001;
/// A block that holds a file of its own name, and no flash.
const FILE_CONTAINER: u32 = 0x0000_1000;
/// The word at 28 is the family, not the file's size.
const HAS_FAMILY: u32 = 0x0000_2000;

/// What the RP2040's boot ROM takes of a block, and what it programs at once (§2.8.4.2).
const PAGE: u32 = 256;

#[cfg(test)]
mod tests;
