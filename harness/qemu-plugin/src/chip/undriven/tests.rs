use super::*;

/// `ldr r3, [r3, #4]`, then `code`, which is run with `registers` as r0 to r7.
#[track_caller]
fn check_with(registers: [u32; 8], code: &[u16], expected: u32) {
    let all: Vec<u16> = std::iter::once(0x685b).chain(code.iter().copied()).collect();
    let half = |at: u32| all.get((at.checked_sub(0x1000)? / 2) as usize).copied();
    assert_eq!(looked_at(0x1000, 0xd000_0004, registers, half), expected);
}

#[track_caller]
fn check(code: &[u16], expected: u32) {
    check_with([14, 1 << 14, 0, 0xd000_0000, 0, 0, 0, 0], code, expected);
}

#[test]
fn a_mask_names_its_pin() {
    check(&[0x400b], 1 << 14); // ands r3, r1
    check(&[0x4019], 1 << 14); // ands r1, r3
    check(&[0x420b, 0xd001], 1 << 14); // tst r3, r1; beq
    check(&[0x2280, 0x01d2, 0x4213], 1 << 14); // movs r2, #128; lsls r2, #7; tst r3, r2
}

/// `mcu_pin_read` of our port: `IN >> pin & 1`.
#[test]
fn a_shift_by_a_register_and_a_mask_name_their_pin() {
    check(&[0x40c3, 0x0018, 0x2301, 0x4018], 1 << 14);
}

#[test]
fn a_bit_that_is_shifted_out_names_its_pin() {
    check(&[0x045b, 0xd500], 1 << 14); // lsls r3, #17; bpl
    check(&[0x0bdb, 0xd200], 1 << 14); // lsrs r3, #15; bcs
    check(&[0x045b, 0x0fdb], 1 << 14); // lsls r3, #17; lsrs r3, #31
    check(&[0x045b, 0x17db], 1 << 14); // lsls r3, #17; asrs r3, #31
    check(&[0x17db], 1 << 31); // asrs r3, #31
    check(&[0x0fdb, 0xd200], 1 << 30); // lsrs r3, #31; bcs
    check(&[0x045b, 0x0002, 0x0fd2], 0); // another register
}

#[test]
fn a_mask_of_several_names_them_and_a_wide_one_nothing() {
    check(&[0x22ff, 0x4013], 0xff); // movs r2, #255; ands r3, r2
    check(&[0x22ff, 0x0052, 0x3201, 0x4013], 0); // 0x1ff
    check(&[0x0b9b, 0x2203, 0x4013], 3 << 14); // lsrs r3, #14; movs r2, #3; ands r3, r2
}

#[test]
fn a_mask_may_stand_in_a_literal_pool() {
    check(&[0x4a01, 0x4013, 0x46c0, 0x8000, 0x0000], 1 << 15); // ldr r2, [pc, #4]; ands r3, r2
}

#[test]
fn a_word_that_is_taken_whole_names_nothing() {
    check(&[], 0);
    check(&[0x6013], 0); // str r3, [r2]
    check(&[0x4770], 0); // bx lr
    check(&[0x0018, 0x4770], 0); // movs r0, r3; bx lr
    check(&[0x405a, 0x400b], 0); // eors r2, r3
    check(&[0x4013], 0); // ands r3, r2, which is 0
    check(&[0x2b00, 0xd0fb], 0); // cmp r3, #0; beq
    check(&[0x0b9b, 0x6013], 0); // lsrs r3, #14; str
}

#[test]
fn a_value_that_is_not_known_names_nothing() {
    check(&[0x6812, 0x4013], 0); // ldr r2, [r2]; ands r3, r2
    check(&[0x115b, 0x400b], 0); // asrs r3, #5 has copies of the top bit
}

#[test]
fn only_a_load_is_followed() {
    let follow = |opcode, address| {
        let half = |at: u32| Some(if at == 0 { opcode } else { 0x400b });
        looked_at(0, address, [1; 8], half)
    };
    assert_eq!(follow(0x6853, 5), 1, "ldr r3, [r2, #4]; ands r3, r1");
    assert_eq!(follow(0x6053, 5), 0, "str r3, [r2, #4]");
    assert_eq!(follow(0x6853, 9), 0, "it loads from elsewhere");
}

#[test]
fn a_load_is_worth_a_hook_if_bits_are_taken_of_it() {
    let worth = |behind: &[u16]| may_look(0x685b, behind.iter().copied());
    assert!(worth(&[0x400b]) && worth(&[0x2201, 0x421a]) && worth(&[0x045b]));
    assert!(worth(&[]), "the block is cut");
    assert!(worth(&[0x0018, 0x0fc0]), "a copy of it");
    assert!(!worth(&[0x2b00, 0xd0fb]) && !worth(&[0x0018, 0x4798]), "cmp; a call");
    assert!(!may_look(0x605b, [0x400b]), "a store");
    assert!(!worth(&[0x105b]), "asrs r3, #1");
}
