use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::testing::{Parts, Ram, elf};

/// Where the stack of these tests is.
const STACK: u32 = 0x2000_0100;

/// Where no code is.
const NOWHERE: u32 = 0x7000_0000;

/// Shows the call chain with these values in sp, lr, pc and the words from STACK on.
#[track_caller]
fn check(sp: u32, lr: u32, pc: u32, stack: &[u32], expected: &Expect) {
    check_code(&[], (sp, lr, pc), stack, expected);
}

/// The same with these instructions; all others are zero, but for a BL at 0x44.
#[track_caller]
fn check_code(
    code: &[(u32, u16)],
    (sp, lr, pc): (u32, u32, u32),
    stack: &[u32],
    expected: &Expect,
) {
    let mut ram = Ram::of_words(STACK, stack);
    ram.put(0, &[0; 0xe0]);
    for (at, half) in [(0x44, 0xf000), (0x46, 0xf80c)].iter().chain(code) {
        ram.put(*at, &half.to_le_bytes());
    }
    expected.assert_eq(&shown(&Image::read(&elf(Parts::All)).unwrap(), sp, lr, pc, &ram));
}

fn shown(image: &Image, sp: u32, lr: u32, pc: u32, ram: &Ram) -> String {
    let mut registers = Registers { psp: STACK + 0x40, ..Registers::default() };
    registers.r[13..].copy_from_slice(&[sp, lr, pc]);
    let chain = call_chain(image, &registers, &mut |at, length| ram.read(at, length));
    let lines: Vec<String> = chain.iter().map(|place| format!("{place}\n")).collect();
    lines.concat()
}

/// The frames of `middle` (16 bytes, called from 0x28 in `main`) and `main`.
const MIDDLE: [u32; 4] = [0, 0, 4, 0x29];

#[test]
fn a_leaf_returns_to_lr() {
    check(
        STACK,
        0x49,
        0x64,
        &MIDDLE,
        &expect![[r#"
        leaf (main.c:48)
        middle (main.c:32)
        main (main.c:16)
    "#]],
    );
}

#[test]
fn a_function_that_has_pushed_returns_by_the_stack() {
    check(
        STACK,
        0xdead_beef,
        0x50,
        &MIDDLE,
        &expect![[r#"
        middle (main.c:32)
        main (main.c:16)
    "#]],
    );
}

#[test]
fn before_its_push_it_still_returns_to_lr() {
    check(
        STACK,
        0x29,
        0x40,
        &[],
        &expect![[r#"
        middle (main.c:32)
        main (main.c:16)
    "#]],
    );
}

#[test]
fn assembly_without_rules_is_taken_for_a_leaf() {
    check(
        STACK,
        0x49,
        0x84,
        &MIDDLE,
        &expect![[r#"
        0x00000084 (assembly+0x4)
        middle (main.c:32)
        main (main.c:16)
    "#]],
    );
}

#[test]
fn assembly_that_has_pushed_is_read() {
    // push {r0, r1} at 0x80.
    let stack: Vec<u32> = [1, 1].into_iter().chain(MIDDLE).collect();
    let expected = expect![[r#"
        0x00000084 (assembly+0x4)
        middle (main.c:32)
        main (main.c:16)
    "#]];
    check_code(&[(0x80, 0xb403)], (STACK, 0x49, 0x84), &stack, &expected);
    // Before the push.
    check_code(&[(0x84, 0xb403)], (STACK, 0x49, 0x84), &MIDDLE, &expected);
}

#[test]
fn assembly_that_calls_is_read() {
    // push {r4, lr} at 0x80.
    let stack: Vec<u32> = [1, 0x49].into_iter().chain(MIDDLE).collect();
    let expected = expect![[r#"
        leaf (main.c:48)
        0x00000086 (assembly+0x6)
        middle (main.c:32)
        main (main.c:16)
    "#]];
    check_code(&[(0x80, 0xb510)], (STACK, 0x89, 0x64), &stack, &expected);
    // After the call lr is that of the call.
    let expected = expect![[r#"
        0x0000008a (assembly+0xa)
        middle (main.c:32)
        main (main.c:16)
    "#]];
    check_code(&[(0x80, 0xb510)], (STACK, 0x89, 0x8a), &stack, &expected);
    // It may have kept lr in a way that is not understood.
    check_code(&[], (STACK, 0x89, 0x8a), &stack, &expected);
}

#[test]
fn an_epilogue_is_carried_out() {
    let expected = expect![[r#"
        middle (main.c:32)
        main (main.c:16)
    "#]];
    // add sp, #8; pop {r4, pc}: the rules know nothing of it.
    let code = [(0x50, 0xb002), (0x52, 0xbd10)];
    check_code(&code, (STACK, 0, 0x50), &MIDDLE, &expected);
    check_code(&code, (STACK + 8, 0, 0x52), &MIDDLE, &expected);
    // pop {r0, r1, r4}; pop {r3}; mov r2, r3; bx r2.
    let code = [(0x50, 0xbc13), (0x52, 0xbc08), (0x54, 0x461a), (0x56, 0x4710)];
    for (sp, pc) in [(STACK, 0x50), (STACK + 12, 0x52)] {
        check_code(&code, (sp, 0, pc), &MIDDLE, &expected);
    }
    // What stands behind a call that does not return is not what comes next.
    let expected = expect![[r#"
        noreturn (main.c:96)
        middle (main.c:32)
        main (main.c:16)
    "#]];
    check_code(&[(0x60, 0xbd10)], (STACK, 0x61, 0xc0), &[0, 0xa9, 4, 0x29], &expected);
    let expected = expect![[r#"
        middle (main.c:32)
        main (main.c:16)
    "#]];
    // Another instruction among them: it is no epilogue, and the rules are right.
    let code = [(0x50, 0xb002), (0x52, 0x0000), (0x54, 0xbd10)];
    check_code(&code, (STACK, 0, 0x50), &MIDDLE, &expected);
}

#[test]
fn a_call_at_the_very_end_belongs_to_its_function() {
    // `middle` calls a function that does not return with its last instruction.
    check(
        STACK,
        0x61,
        0xc0,
        &MIDDLE,
        &expect![[r#"
        noreturn (main.c:96)
        middle (main.c:32)
        main (main.c:16)
    "#]],
    );
}

#[test]
fn an_interrupt_leads_to_what_it_interrupted() {
    let frame = [0, 1, 2, 3, 12, 0x49, 0x64, 0x0100_0000];
    let stack: Vec<u32> = [4, 0xffff_fff9].into_iter().chain(frame).chain(MIDDLE).collect();
    let expected = expect![[r#"
        interrupt (main.c:80)
        leaf (main.c:48)
        middle (main.c:32)
        main (main.c:16)
    "#]];
    check(STACK, 0, 0xa8, &stack, &expected);
}

#[test]
fn an_interrupt_of_a_misaligned_stack_has_left_a_word_out() {
    let frame = [0, 1, 2, 3, 12, 0x49, 0x64, 0x0100_0200, 0x5555_5555];
    let stack: Vec<u32> = [4, 0xffff_fff9].into_iter().chain(frame).chain(MIDDLE).collect();
    let expected = expect![[r#"
        interrupt (main.c:80)
        leaf (main.c:48)
        middle (main.c:32)
        main (main.c:16)
    "#]];
    check(STACK, 0, 0xa8, &stack, &expected);
}

#[test]
fn an_interrupt_may_have_pushed_the_floating_point_unit() {
    let frame = [0, 1, 2, 3, 12, 0x49, 0x64, 0x0100_0000];
    let stack: Vec<u32> =
        [4, 0xffff_ffe9].into_iter().chain(frame).chain([0; 18]).chain(MIDDLE).collect();
    let expected = expect![[r#"
        interrupt (main.c:80)
        leaf (main.c:48)
        middle (main.c:32)
        main (main.c:16)
    "#]];
    check(STACK, 0, 0xa8, &stack, &expected);
}

#[test]
fn an_interrupt_may_come_from_the_process_stack() {
    let mut stack = vec![4, 0xffff_fffd];
    stack.resize(16, 0);
    // At psp.
    stack.extend([0, 1, 2, 3, 12, 0x49, 0x64, 0x0100_0000]);
    stack.extend(MIDDLE);
    let expected = expect![[r#"
        interrupt (main.c:80)
        leaf (main.c:48)
        middle (main.c:32)
        main (main.c:16)
    "#]];
    check(STACK, 0, 0xa8, &stack, &expected);
}

#[test]
fn main_is_the_end() {
    // `start` called it, and would be found.
    check(
        STACK,
        0,
        0x28,
        &[4, 0x11],
        &expect![[r#"
        main (main.c:16)
    "#]],
    );
}

#[test]
fn a_function_that_does_not_return_has_no_caller() {
    check(
        STACK,
        0xc9,
        0x64,
        &[0; 64],
        &expect![[r#"
        leaf (main.c:48)
        noreturn (main.c:96)
    "#]],
    );
}

#[test]
fn the_entry_is_the_end() {
    check(
        STACK,
        0xffff_ffff,
        0x10,
        &[],
        &expect![[r#"
        start (main.c:1)
    "#]],
    );
}

#[test]
fn a_jump_to_nowhere_came_from_where_lr_points() {
    check(
        STACK,
        0x49,
        NOWHERE,
        &MIDDLE,
        &expect![[r#"
        middle (main.c:32)
        main (main.c:16)
    "#]],
    );
}

#[test]
fn a_lost_chain_begins_at_the_first_return_address_on_the_stack() {
    // 0x65 is no return address, for there is no call before it; 0x49 is one.
    let stack: Vec<u32> = [0x65, 0, 0x49].into_iter().chain(MIDDLE).collect();
    let expected = expect![[r#"
        middle (main.c:32)
        main (main.c:16)
    "#]];
    check(STACK - 32, 0, NOWHERE, &stack, &expected);
}

#[test]
fn nothing_is_known_of_nowhere() {
    check(0xffff_fffe, 0, NOWHERE, &[], &expect![""]);
    check(0x7000_0000, 0xffff_fff9, NOWHERE, &[], &expect![""]);
}

#[test]
fn a_stack_that_cannot_be_read_ends_the_chain() {
    check(
        0x7000_0000,
        0,
        0x50,
        &[],
        &expect![[r#"
        middle (main.c:32)
    "#]],
    );
}

#[test]
fn a_loop_ends_the_chain() {
    // An exception frame that says that it interrupted the handler itself.
    let mut stack = vec![4, 0xffff_fffd];
    stack.resize(16, 0);
    stack.extend([0, 1, 2, 3, 12, 0xffff_fffd, 0x64, 0x0100_0000]);
    let expected = expect![[r#"
        interrupt (main.c:80)
        leaf (main.c:48)
    "#]];
    check(STACK, 0, 0xa8, &stack, &expected);
}

#[test]
fn a_deep_recursion_is_cut() {
    let mut ram = Ram::default();
    for depth in 0..1000 {
        ram.put_words(STACK + 16 * depth, &[0, 0, 4, 0x49]);
    }
    let image = Image::read(&elf(Parts::All)).unwrap();
    assert_eq!(shown(&image, STACK, 0, 0x50, &ram), "middle (main.c:32)\n".repeat(DEEPEST));
}

#[test]
fn without_rules_the_chain_is_as_long_as_lr() {
    let image = Image::read(&elf(Parts::Symbols)).unwrap();
    let ram = Ram::of_words(STACK, &MIDDLE);
    assert_eq!(
        shown(&image, STACK, 0x49, 0x64, &ram),
        "0x00000064 (leaf+0x4)\n0x00000046 (middle+0x6)\n"
    );
    let image = Image::read(&elf(Parts::Code)).unwrap();
    assert_eq!(shown(&image, STACK, 0x49, 0x64, &ram), "");
}

proptest! {
    /// Whatever the file and the memory hold: no panic, and an end.
    #[test]
    fn broken_files_and_memory_give_less(
        broken in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..40),
        sp in any::<u32>(),
        words in prop::collection::vec(any::<u32>(), 64),
        pc in 0u32..0x100,
    ) {
        let mut bytes = elf(Parts::All);
        for (index, byte) in broken {
            let length = bytes.len();
            bytes[index.index(length)] = byte;
        }
        if let Ok(image) = Image::read(&bytes) {
            let mut registers = Registers { psp: words[1], ..Registers::default() };
            registers.r[..].copy_from_slice(&words[..16]);
            registers.r[13] = sp;
            registers.r[15] = pc;
            let mut read = |at: u32, length: usize| {
                let word = words[(at / 4) as usize % words.len()].to_le_bytes();
                Some(word.repeat(length.div_ceil(4))[..length].to_vec())
            };
            prop_assert!(call_chain(&image, &registers, &mut read).len() <= DEEPEST);
            let _ = (image.place(pc), image.symbol("replab_marks"));
        }
    }
}
