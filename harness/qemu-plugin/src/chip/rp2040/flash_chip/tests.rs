use std::sync::atomic::AtomicU32;

use super::*;

const AT: u32 = 0x1000_0000;

/// 128 KiB that hold their own address in each word.
fn chip() -> FlashChip {
    let words: Vec<_> = (0..0x8000).map(|word| AtomicU32::new(4 * word)).collect();
    FlashChip::new(Box::leak(words.into_boxed_slice()), AT)
}

/// Selects the chip for each of `transfers` and lets it go after it: what it gave in the
/// last one, and all effects.
fn send(chip: &mut FlashChip, transfers: &[&[u8]]) -> (Vec<u8>, Vec<Effect>) {
    let mut context = Context::default();
    let mut given = Vec::new();
    for bytes in transfers {
        given = bytes.iter().map(|byte| chip.exchange(*byte, &mut context)).collect();
        chip.release(&mut context);
    }
    (given, context.effects)
}

/// What a new chip gives after the first `skipped` bytes of a transfer, without an effect.
#[track_caller]
fn check_read(bytes: &[u8], skipped: usize, expected: &[u8]) {
    let (given, effects) = send(&mut chip(), &[bytes]);
    assert_eq!((&given[skipped..], effects), (expected, vec![]), "{bytes:02x?}");
}

/// The effects of transfers to a new chip.
#[track_caller]
fn check_change(transfers: &[&[u8]], expected: &[Effect]) {
    assert_eq!(send(&mut chip(), transfers).1, expected, "{transfers:02x?}");
}

const ENABLE: &[u8] = &[WRITE_ENABLE];

#[test]
fn data_is_read_from_an_address_on_and_round_the_end() {
    // §8.2.6, §8.2.7: with a byte in between.
    check_read(&[READ, 0x01, 0x23, 0x45, 0, 0, 0, 0], 4, &[0x23, 0x01, 0x00, 0x48]);
    check_read(&[FAST_READ, 0x01, 0x23, 0x44, 0, 0, 0], 5, &[0x44, 0x23]);
    check_read(&[READ, 0x01, 0xff, 0xfd, 0, 0, 0, 0], 4, &[0xff, 0x01, 0x00, 0x00]);
    check_read(&[READ, 0xe0, 0x00, 0x04, 0], 4, &[0x04]);
}

#[test]
fn it_says_what_it_is() {
    // §8.1.1, §8.2.20, §8.2.21, §8.2.24, §8.2.25.
    check_read(&[JEDEC_ID, 0, 0, 0], 1, &[0xef, 0x40, 0x15]);
    check_read(&[MANUFACTURER_ID, 0, 0, 0, 0, 0, 0], 4, &[0xef, 0x14, 0xef]);
    check_read(&[MANUFACTURER_ID, 0, 0, 1, 0, 0], 4, &[0x14, 0xef]);
    check_read(&[DEVICE_ID, 0, 0, 0, 0], 4, &[0x14]);
    check_read(&[UNIQUE_ID, 0, 0, 0, 0, 0, 0], 5, &[0xe6, 0x60]);
}

#[test]
fn status_has_four_lines_in_use_and_whether_it_may_write() {
    // §7.1: BUSY is bit 0, WEL is bit 1; QE is bit 1 of the second register.
    check_read(&[READ_STATUS_1, 0, 0], 1, &[0, 0]);
    check_read(&[READ_STATUS_2, 0], 1, &[2]);
    let status = |transfers: &[&[u8]]| {
        let all: Vec<&[u8]> = [transfers, &[&[READ_STATUS_1, 0]]].concat();
        send(&mut chip(), &all).0[1]
    };
    assert_eq!(status(&[ENABLE]), 2);
    assert_eq!(status(&[ENABLE, &[WRITE_DISABLE]]), 0);
    assert_eq!(status(&[ENABLE, &[SECTOR_ERASE, 0, 0, 0]]), 0, "§8.2.1: a change clears it");
    assert_eq!(status(&[&[WRITE_ENABLE, 0]]), 0, "a byte too many");
}

#[test]
fn an_erase_is_of_the_piece_that_its_address_is_in() {
    // §8.2.15 to §8.2.18.
    let erase = |at: u32, length| [Effect::Erase { at: AT + at, length }];
    check_change(&[ENABLE, &[SECTOR_ERASE, 0x01, 0x23, 0x45]], &erase(0x1_2000, 0x1000));
    check_change(&[ENABLE, &[BLOCK_ERASE_32, 0x00, 0xff, 0xff]], &erase(0x8000, 0x8000));
    check_change(&[ENABLE, &[BLOCK_ERASE_64, 0x01, 0x23, 0x45]], &erase(0x1_0000, 0x1_0000));
    check_change(&[ENABLE, &[SECTOR_ERASE, 0xfe, 0x10, 0x00]], &erase(0x1000, 0x1000));
    check_change(&[ENABLE, &[0xc7]], &erase(0, 0x2_0000));
}

#[test]
fn what_was_not_allowed_or_is_cut_off_changes_nothing() {
    let erase: &[u8] = &[SECTOR_ERASE, 0, 0, 0];
    check_change(&[erase], &[]);
    check_change(&[ENABLE, &[SECTOR_ERASE, 0, 0]], &[]);
    check_change(&[ENABLE, &[SECTOR_ERASE, 0, 0, 0, 0]], &[]);
    check_change(&[ENABLE, &[PAGE_PROGRAM, 0, 0, 0]], &[]);
    check_change(&[&[PAGE_PROGRAM, 0, 0, 0, 1]], &[]);
    let one = [Effect::Erase { at: AT, length: 0x1000 }];
    check_change(&[ENABLE, erase, erase], &one);
}

#[test]
fn a_program_goes_round_within_its_page() {
    // §8.2.13.
    let page = |bytes: &[(usize, u8)]| {
        let mut page = vec![0xff; PAGE];
        bytes.iter().for_each(|(place, byte)| page[*place] = *byte);
        [Effect::ProgramBytes { at: AT + 0x1_2300, bytes: page }]
    };
    let program: &[u8] = &[PAGE_PROGRAM, 0x01, 0x23, 0xfe, 1, 2, 3];
    check_change(&[ENABLE, program], &page(&[(0xfe, 1), (0xff, 2), (0, 3)]));
    let mut long = vec![PAGE_PROGRAM, 0x01, 0x23, 0x00];
    long.extend([7; PAGE]);
    long.push(9);
    let all: Vec<_> = (0..PAGE).map(|place| (place, if place == 0 { 9 } else { 7 })).collect();
    check_change(&[ENABLE, &long], &page(&all));
}

#[test]
fn a_command_that_is_not_emulated_is_found() {
    let (_, effects) = send(&mut chip(), &[&[0x5a, 0, 0]]);
    assert!(matches!(effects[..], [Effect::Found(Finding { address: 0x5a, .. })]), "{effects:?}");
    check_change(&[&[END_OF_READ, END_OF_READ], &[0xeb, 0xa0]], &[]);
}
