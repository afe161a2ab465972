//! What goes where in flash.

use std::cmp::Ordering;

/// A range of addresses that ends inside the 32-bit address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first address.
    pub at: u32,
    /// How many bytes.
    pub size: u32,
}

impl Range {
    /// The address behind the last one.
    #[must_use]
    pub fn end(self) -> u64 {
        u64::from(self.at) + u64::from(self.size)
    }

    /// Whether `size` bytes from `address` on are all in it.
    #[must_use]
    pub fn holds(self, address: u32, size: usize) -> bool {
        address >= self.at && u64::from(address) + size as u64 <= self.end()
    }
}

/// Bytes that belong at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Of the first byte.
    pub address: u32,
    /// At least one.
    pub bytes: Vec<u8>,
}

impl Piece {
    fn end(&self) -> u64 {
        u64::from(self.address) + self.bytes.len() as u64
    }
}

/// Two pieces that want the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The first address that both want.
    pub address: u32,
}

/// What firmware puts into flash: pieces in the order of their addresses, of which no
/// two touch or overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlashImage {
    pieces: Vec<Piece>,
}

impl FlashImage {
    /// Puts pieces in their order, and those together that touch. Empty ones are left out.
    ///
    /// # Errors
    ///
    /// [`Overlap`] if two of them want the same place.
    pub fn new(mut pieces: Vec<Piece>) -> Result<FlashImage, Overlap> {
        pieces.retain(|piece| !piece.bytes.is_empty());
        pieces.sort_by_key(|piece| piece.address);
        let mut joined: Vec<Piece> = Vec::new();
        for mut piece in pieces {
            match joined.last_mut() {
                Some(last) => match last.end().cmp(&u64::from(piece.address)) {
                    Ordering::Greater => return Err(Overlap { address: piece.address }),
                    Ordering::Equal => last.bytes.append(&mut piece.bytes),
                    Ordering::Less => joined.push(piece),
                },
                None => joined.push(piece),
            }
        }
        Ok(FlashImage { pieces: joined })
    }

    /// The pieces.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// How many bytes it has in all.
    #[must_use]
    pub fn size(&self) -> usize {
        self.pieces.iter().map(|piece| piece.bytes.len()).sum()
    }

    /// The bytes from `address` on, if all of them are in one piece.
    #[must_use]
    pub fn bytes(&self, address: u32, size: usize) -> Option<&[u8]> {
        self.pieces.iter().find_map(|piece| {
            let start = usize::try_from(address.checked_sub(piece.address)?).ok()?;
            piece.bytes.get(start..start.checked_add(size)?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(address: u32, bytes: &[u8]) -> Piece {
        Piece { address, bytes: bytes.to_owned() }
    }

    #[test]
    fn pieces_are_sorted_and_those_that_touch_are_joined() {
        let image =
            FlashImage::new(vec![piece(8, b"c"), piece(2, b"b"), piece(0, b"aa"), piece(5, b"")]);
        assert_eq!(image.unwrap().pieces(), [piece(0, b"aab"), piece(8, b"c")]);
    }

    #[test]
    fn pieces_that_want_one_place_are_refused_at_its_address() {
        let found = FlashImage::new(vec![piece(4, b"b"), piece(0, b"aaaaa")]);
        assert_eq!(found, Err(Overlap { address: 4 }));
        let found = FlashImage::new(vec![piece(u32::MAX, b"ab"), piece(u32::MAX, b"c")]);
        assert_eq!(found, Err(Overlap { address: u32::MAX }));
    }

    #[test]
    fn bytes_are_found_only_where_all_of_them_are() {
        let image = FlashImage::new(vec![piece(0x100, b"abcd")]).unwrap();
        assert_eq!(image.bytes(0x102, 2), Some(b"cd".as_slice()));
        assert_eq!(image.bytes(0x103, 2), None);
        assert_eq!(image.bytes(0xff, 1), None);
        assert_eq!(image.bytes(0x100, usize::MAX), None);
    }

    #[test]
    fn a_range_holds_what_ends_with_it() {
        let range = Range { at: 0xffff_fff0, size: 16 };
        assert!(range.holds(0xffff_fff0, 16));
        assert!(!range.holds(0xffff_fff1, 16));
        assert!(!range.holds(0xffff_ffef, 1));
    }
}
