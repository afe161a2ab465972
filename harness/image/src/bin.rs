//! Raw images: the bytes of the flash from its start on, and nothing else.

use crate::{FlashImage, Piece, Range};

/// Why a raw image does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "as a raw image it has {bytes} bytes, and the flash {flash} (an image starts with the flash; is this one of all memory?)"
)]
pub struct TooLarge {
    /// The file's.
    pub bytes: usize,
    /// The flash's.
    pub flash: u32,
}

/// Reads a raw image.
///
/// # Errors
///
/// [`TooLarge`] if it has more bytes than the flash.
pub fn read(bytes: &[u8], flash: Range) -> Result<FlashImage, TooLarge> {
    if !flash.holds(flash.at, bytes.len()) {
        return Err(TooLarge { bytes: bytes.len(), flash: flash.size });
    }
    let pieces = vec![Piece { address: flash.at, bytes: bytes.to_owned() }];
    Ok(FlashImage::new(pieces).expect("one piece overlaps with none"))
}

/// Writes a raw image. What lies between pieces is as erased flash is: 0xff. What the
/// image has outside `flash` is left out.
#[must_use]
pub fn write(image: &FlashImage, flash: Range) -> Vec<u8> {
    let mut bytes = Vec::new();
    for piece in image.pieces() {
        if flash.holds(piece.address, piece.bytes.len()) {
            // It is in the flash, so the difference is less than its size.
            bytes.resize((piece.address - flash.at) as usize, 0xff);
            bytes.extend_from_slice(&piece.bytes);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLASH: Range = Range { at: 0x1000_0000, size: 8 };

    #[test]
    fn a_raw_image_starts_with_the_flash() {
        let image = read(b"12345678", FLASH).unwrap();
        assert_eq!(image.bytes(0x1000_0007, 1), Some(b"8".as_slice()));
        assert_eq!(write(&image, FLASH), b"12345678");
    }

    #[test]
    fn one_byte_more_than_the_flash_is_too_much() {
        let error = read(b"123456789", FLASH).unwrap_err();
        assert!(error.to_string().starts_with("as a raw image it has 9 bytes, and the flash 8"));
    }

    #[test]
    fn between_pieces_the_flash_is_erased() {
        let piece = |address, bytes: &[u8]| Piece { address, bytes: bytes.to_owned() };
        let image = FlashImage::new(vec![
            piece(0x1000_0001, b"a"),
            piece(0x1000_0004, b"b"),
            piece(0x2000_0000, b"RAM"),
        ]);
        assert_eq!(write(&image.unwrap(), FLASH), b"\xffa\xff\xffb");
    }
}
