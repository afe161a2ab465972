//! From pieces to blocks.

use std::collections::BTreeMap;

use super::{BLOCK, Family, HAS_FAMILY, MAGIC_END, MAGIC_START_0, MAGIC_START_1, PAGE};
use crate::FlashImage;

/// Writes the pages of 256 bytes that `image` has something in, in the order of their
/// addresses. What a page has no byte for is as erased flash is: 0xff.
#[must_use]
pub fn write(image: &FlashImage, family: Family) -> Vec<u8> {
    let pages = pages(image);
    let total = u32::try_from(pages.len()).expect("32 bits have 2^24 pages");
    let mut file = Vec::with_capacity(pages.len() * BLOCK);
    for (number, (address, page)) in (0..).zip(&pages) {
        let words =
            [MAGIC_START_0, MAGIC_START_1, HAS_FAMILY, *address, PAGE, number, total, family.0];
        let end = file.len() + BLOCK;
        file.extend(words.into_iter().flat_map(u32::to_le_bytes));
        file.extend_from_slice(page);
        file.resize(end - 4, 0);
        file.extend(MAGIC_END.to_le_bytes());
    }
    file
}

/// The pages by their addresses.
fn pages(image: &FlashImage) -> BTreeMap<u32, [u8; PAGE as usize]> {
    let mut pages = BTreeMap::new();
    for piece in image.pieces() {
        for (address, &byte) in (piece.address..=u32::MAX).zip(&piece.bytes) {
            let page = pages.entry(address & !(PAGE - 1)).or_insert([0xff; PAGE as usize]);
            page[(address % PAGE) as usize] = byte;
        }
    }
    pages
}
