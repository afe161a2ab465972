//! The first 256 bytes of an RP2040's flash.
//!
//! The boot ROM copies them to RAM and runs them, so that they can set the flash chip
//! up (RP2040 data sheet §2.8.1.3); the firmware proper starts behind them. Their last
//! word is a checksum of the others: where it is wrong, the chip waits for USB instead.

/// How many bytes it has.
pub const SIZE: usize = 256;

/// Where an RP2040 and an RP2350 see their flash (RP2040 data sheet §2.2).
pub const FLASH_AT: u32 = 0x1000_0000;

/// What is wrong with a second stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSecondStage {
    /// There are less than 256 bytes at the start of the flash.
    #[error(
        "nothing is at the start of the flash, where an RP2040 needs its second stage (link it with the pico-sdk's boot_stage2)"
    )]
    Missing,
    /// The checksum is not that of the bytes.
    #[error(
        "the first 256 bytes of the flash are no second stage of an RP2040: their checksum is {found:#010x} and must be {expected:#010x} (was it built for another chip, or for another address?)"
    )]
    WrongChecksum {
        /// The one in the file.
        found: u32,
        /// The one of the bytes.
        expected: u32,
    },
}

/// Checks the first 256 bytes of the flash.
///
/// # Errors
///
/// [`NoSecondStage`] if there are fewer, or if an RP2040 would not run them.
pub fn check(start: &[u8]) -> Result<(), NoSecondStage> {
    let (code, checksum) = start
        .get(..SIZE)
        .and_then(|stage| stage.split_last_chunk::<4>())
        .ok_or(NoSecondStage::Missing)?;
    let (found, expected) = (u32::from_le_bytes(*checksum), checksum_of(code));
    if found == expected { Ok(()) } else { Err(NoSecondStage::WrongChecksum { found, expected }) }
}

/// The checksum of §2.8.1.3.1: a CRC-32 with the polynomial 0x04c11db7 that starts with
/// all ones and takes each byte's highest bit first; nothing is reversed or inverted.
#[must_use]
pub fn checksum_of(code: &[u8]) -> u32 {
    code.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte) << 24, |crc, _| {
            if crc >> 31 == 1 { crc << 1 ^ 0x04c1_1db7 } else { crc << 1 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_crc_32_mpeg_2() {
        // The check value of CRC-32/MPEG-2 in the catalogue of parametrised CRC algorithms.
        assert_eq!(checksum_of(b"123456789"), 0x0376_e6e7);
    }

    #[test]
    fn one_wrong_bit_is_noticed() {
        let mut stage = vec![0x5a; SIZE - 4];
        stage.extend(checksum_of(&stage).to_le_bytes());
        assert_eq!(check(&stage), Ok(()));
        stage[17] ^= 1;
        assert!(matches!(check(&stage), Err(NoSecondStage::WrongChecksum { .. })));
    }

    #[test]
    fn less_than_256_bytes_are_none() {
        assert_eq!(check(&[0; SIZE - 1]), Err(NoSecondStage::Missing));
    }
}
