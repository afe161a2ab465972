//! Right files, wrong ones, and that what is written is read again.

use proptest::prelude::*;

use super::*;
use crate::{FlashImage, Piece, Range};

const FLASH: Range = Range { at: 0x1000_0000, size: 0x20_0000 };

/// A right file of `count` blocks from the start of the flash on.
fn file(count: u8) -> Vec<u8> {
    let bytes = (0..count).flat_map(|number| [number; 256]).collect();
    let image = FlashImage::new(vec![Piece { address: FLASH.at, bytes }]).unwrap();
    write(&image, Family::RP2040)
}

/// Writes `value` at `at` of block `block`.
fn set(file: &mut [u8], block: usize, at: usize, value: u32) {
    let at = block * BLOCK + at;
    file[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

#[track_caller]
fn check_file(file: &[u8], expected: &str) {
    let text = match read(file, Some(Family::RP2040), FLASH) {
        Ok(image) => format!("{} bytes", image.size()),
        Err(error) => error.to_string(),
    };
    assert!(text.contains(expected), "{text}");
}

/// Changes words of a right file of three blocks, each `(block, offset, value)`.
#[track_caller]
fn check(changes: &[(usize, usize, u32)], expected: &str) {
    let mut file = file(3);
    for &(block, at, value) in changes {
        set(&mut file, block, at, value);
    }
    check_file(&file, expected);
}

const FLAGS: usize = 8;
const ADDRESS: usize = 12;
const SIZE: usize = 16;
const NUMBER: usize = 20;
const TOTAL: usize = 24;
const FAMILY: usize = 28;

#[test]
fn a_right_file_is_read_in_any_order_of_its_blocks() {
    check(&[], "768 bytes");
    let file = file(3);
    let turned: Vec<u8> = file.chunks(BLOCK).rev().flatten().copied().collect();
    assert_eq!(
        read(&turned, Some(Family::RP2040), FLASH),
        read(&file, Some(Family::RP2040), FLASH)
    );
}

#[test]
fn another_chips_file_is_refused_by_the_chips_name() {
    let rp2350 = 0xe48b_ff59;
    check(
        &[(0, FAMILY, rp2350), (1, FAMILY, rp2350), (2, FAMILY, rp2350)],
        "its blocks are for 0xe48bff59 (RP2350, secure Arm), and the board is 0xe48bff56 (RP2040)",
    );
    let unknown = [(0, FAMILY, 1), (1, FAMILY, 1), (2, FAMILY, 2)];
    check(&unknown, "its blocks are for 0x00000001 and 0x00000002, and");
    let error = read(&file(1), None, FLASH).unwrap_err().to_string();
    assert!(error.contains("and the board is of no family that UF2 files name"), "{error}");
}

#[test]
fn a_file_without_a_family_is_taken() {
    check(&[(0, FLAGS, 0), (1, FLAGS, 0), (2, FLAGS, 0)], "768 bytes");
    let mut file = file(1);
    set(&mut file, 0, FLAGS, 0);
    assert_eq!(read(&file, None, FLASH).unwrap().size(), 256);
}

#[test]
fn in_a_file_for_several_chips_ours_is_found() {
    // Put together from two files: each has numbers of its own.
    let mut two = file(2);
    let mut other = file(3);
    for block in 0..3 {
        set(&mut other, block, FAMILY, 0xe48b_ff59);
    }
    two.extend(other);
    check_file(&two, "512 bytes");
    // Numbered through.
    check(&[(1, FAMILY, 0x5511_4460)], "512 bytes");
}

#[test]
fn blocks_for_no_flash_are_passed_over() {
    check(&[(2, FLAGS, HAS_FAMILY | NOT_MAIN_FLASH)], "512 bytes");
    check(&[(2, FLAGS, FILE_CONTAINER)], "512 bytes");
    let none = HAS_FAMILY | NOT_MAIN_FLASH;
    check(&[(0, FLAGS, none), (1, FLAGS, none), (2, FLAGS, none)], "none of its 3 blocks");
}

#[test]
fn a_file_that_was_cut_off_says_how_far_it_goes() {
    let file = file(3);
    check_file(&file[..1100], "it has 1100 bytes, which is 76 more than 2 whole blocks of 512");
    check_file(&file[..1024], "1 of its 3 blocks is missing, the first one number 2");
    check_file(&file[1024..], "2 of its 3 blocks are missing, the first one number 0");
    check_file(&[], "none of its 0 blocks");
}

#[test]
fn a_damaged_block_is_named_with_its_offset() {
    check(&[(1, 0, 7)], "block 1 (offset 0x200) has 0x00000007 where each block has 0x0a324655");
    check(&[(1, 4, 7)], "block 1 (offset 0x204) has 0x00000007 where each block has 0x9e5d5157");
    check(&[(2, 508, 7)], "block 2 (offset 0x5fc) has 0x00000007 where each block has 0x0ab16f30");
}

#[test]
fn a_block_must_hold_what_the_boot_rom_takes() {
    check(&[(1, SIZE, 0)], "block 1 (offset 0x200) says that it holds 0 bytes");
    check(
        &[(1, SIZE, 477)],
        "says that it holds 477 bytes for 0x10000100; a block has room for 476",
    );
    check(&[(1, SIZE, 476)], "boot ROM takes blocks of 256 bytes");
    check(
        &[(1, ADDRESS, 0x1000_1001)],
        "says that it holds 256 bytes for 0x10001001; the RP2040's",
    );
    let mut file = file(1);
    set(&mut file, 0, FLAGS, 0);
    set(&mut file, 0, SIZE, 476);
    set(&mut file, 0, ADDRESS, 0x1000_0001);
    assert_eq!(read(&file, None, FLASH).unwrap().size(), 476);
}

#[test]
fn a_block_must_be_for_flash_that_is_there() {
    check(
        &[(2, ADDRESS, 0x1020_0000)],
        "block 2 (offset 0x400) is for 0x10200000, where the board has no flash (it has 0x10000000 to 0x10200000; look",
    );
    check(&[(0, ADDRESS, 0x0fff_ff00)], "block 0 (offset 0x0) is for 0x0fffff00");
    check(&[(0, ADDRESS, 0x2000_0000)], "a program for RAM");
    check(&[(0, ADDRESS, 0xffff_ff00)], "is for 0xffffff00");
}

#[test]
fn numbers_and_totals_must_agree() {
    check(
        &[(2, TOTAL, 4)],
        "block 2 (offset 0x400) says that there are 4 blocks, and the first one said 3",
    );
    check(&[(2, NUMBER, 3)], "block 2 (offset 0x400) has the number 3 of 3, which is too much");
    check(&[(2, NUMBER, 0)], "has the number 0 of 3, which block 0 has too");
    let more = u32::MAX;
    check(
        &[(0, TOTAL, more), (1, TOTAL, more), (2, TOTAL, more)],
        "4294967292 of its 4294967295 blocks are missing, the first one number 3",
    );
}

#[test]
fn two_blocks_for_one_place_are_refused() {
    check(
        &[(2, ADDRESS, 0x1000_0000)],
        "block 2 (offset 0x400) is for 0x10000000, which block 0 is for too",
    );
    let mut file = file(2);
    for block in 0..2 {
        set(&mut file, block, FLAGS, 0);
    }
    set(&mut file, 0, ADDRESS, 0x1000_00ff + 1);
    set(&mut file, 1, ADDRESS, 0x1000_0001);
    let error = read(&file, None, FLASH).unwrap_err().to_string();
    assert!(
        error.starts_with("block 1 (offset 0x200) is for 0x10000100, which block 0"),
        "{error}"
    );
}

#[test]
fn the_layout_of_a_block_is_that_of_the_format() {
    let file = file(2);
    assert_eq!(file.len(), 1024);
    assert_eq!(&file[512..516], b"UF2\n");
    let word = |at: usize| u32::from_le_bytes(file[512 + at..512 + at + 4].try_into().unwrap());
    let words: Vec<_> = (4..32).step_by(4).map(word).collect();
    assert_eq!(words, [0x9e5d_5157, 0x2000, 0x1000_0100, 256, 1, 2, 0xe48b_ff56]);
    assert_eq!(&file[512 + 32..512 + 34], [1, 1]);
    assert!(file[512 + 288..512 + 508].iter().all(|&byte| byte == 0));
    assert_eq!(word(508), 0x0ab1_6f30);
}

/// Pieces anywhere in the flash, in the order of their addresses; some touch.
fn images() -> impl Strategy<Value = FlashImage> {
    let piece = (0..2000u32, prop::collection::vec(any::<u8>(), 1..700));
    prop::collection::vec(piece, 1..8).prop_map(|pieces| {
        let mut address = FLASH.at;
        let pieces = pieces.into_iter().map(|(gap, bytes)| {
            let piece = Piece { address: address + gap, bytes };
            address = piece.address + piece.bytes.len() as u32;
            piece
        });
        FlashImage::new(pieces.collect()).unwrap()
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(image in images()) {
        let again = read(&write(&image, Family::RP2040), Some(Family::RP2040), FLASH).unwrap();
        for piece in image.pieces() {
            prop_assert_eq!(again.bytes(piece.address, piece.bytes.len()), Some(piece.bytes.as_slice()));
        }
        // What was added fills pages, with erased flash.
        let added = again.size() - image.size();
        let (mut both, mut erased) = (0, 0);
        for page in again.pieces() {
            prop_assert!(page.address % PAGE == 0 && page.bytes.len() % PAGE as usize == 0);
            for (address, &byte) in (page.address..).zip(&page.bytes) {
                if image.bytes(address, 1).is_some() { both += 1 } else if byte == 0xff { erased += 1 }
            }
        }
        prop_assert_eq!((both, erased), (image.size(), added));
        // And once more, it is the same file.
        prop_assert_eq!(write(&again, Family::RP2040), write(&image, Family::RP2040));
    }

    #[test]
    fn a_changed_byte_is_an_error_or_another_image_and_never_a_panic(
        at in 0..1536usize, value: u8, family in prop::option::of(Just(Family::RP2040)),
    ) {
        let mut file = file(3);
        file[at] = value;
        let _ = read(&file, family, FLASH);
    }

    #[test]
    fn any_bytes_are_an_error_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..1100)) {
        prop_assert!(read(&bytes, Some(Family::RP2040), FLASH).is_err());
    }
}
