use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::testing::{MARKS, Parts, Ram, board, elf};

const PC: u32 = 0x40;
const RAM: u32 = 0x2000_0000;
const SP: u32 = 0x2004_1f00;

/// A HardFault of an Armv6-M at [`PC`] in `middle`, with sp in [`SP`].
struct Case {
    code: Vec<u16>,
    fault: FaultEntry,
    image: bool,
    marks: Vec<u32>,
}

fn armv6m(code: &[u16]) -> Case {
    let mut registers = Registers { xpsr: 1 << 24, ..Registers::default() };
    registers.r[13] = SP;
    registers.r[15] = PC;
    let fault = FaultEntry { exception: 3, registers, is_stacked: true, status: None };
    Case { code: code.to_vec(), fault, image: true, marks: Vec::new() }
}

impl Case {
    fn with(mut self, register: usize, value: u32) -> Case {
        self.fault.registers.r[register] = value;
        self
    }

    fn with_status(mut self, status: FaultStatus) -> Case {
        self.fault.status = Some(status);
        self
    }

    fn diagnose(&self) -> Diagnosis {
        let mut memory = Ram::default();
        let code: Vec<u8> = self.code.iter().flat_map(|half| half.to_le_bytes()).collect();
        memory.put(PC, &code);
        memory.put_words(MARKS, &self.marks);
        let image = Image::read(&elf(Parts::All)).unwrap();
        let image = self.image.then_some(&image);
        diagnose(&self.fault, &board(), image, &mut |at, length| memory.read(at, length))
    }

    #[track_caller]
    fn says(self, expected: &Expect) {
        let Diagnosis { kind, sentence, status } = self.diagnose();
        let status: Vec<String> = status.iter().map(|line| format!("\n{line}")).collect();
        expected.assert_eq(&format!("{kind:x?}\n{sentence}{}", status.concat()));
    }

    #[track_caller]
    fn is(self, expected: FaultKind) {
        assert_eq!(self.diagnose().kind, expected, "{:x?}", self.code);
    }
}

fn read_of(address: u32) -> FaultKind {
    FaultKind::BadAddress { address, is_write: false }
}

fn write_to(address: u32) -> FaultKind {
    FaultKind::BadAddress { address, is_write: true }
}

#[test]
fn loads_and_stores_of_16_bits_have_their_address() {
    // The base in r1, an index in r2.
    for (code, kind) in [
        (0x6808, read_of(0x7000_0000)),  // ldr r0, [r1]
        (0x6848, read_of(0x7000_0004)),  // ldr r0, [r1, #4]
        (0x6008, write_to(0x7000_0000)), // str r0, [r1]
        (0x7888, read_of(0x7000_0002)),  // ldrb r0, [r1, #2]
        (0x7048, write_to(0x7000_0001)), // strb r0, [r1, #1]
        (0x8848, read_of(0x7000_0002)),  // ldrh r0, [r1, #2]
        (0x8048, write_to(0x7000_0002)), // strh r0, [r1, #2]
        (0x5888, read_of(0x7000_0010)),  // ldr r0, [r1, r2]
        (0x5a88, read_of(0x7000_0010)),  // ldrh r0, [r1, r2]
        (0x5c88, read_of(0x7000_0010)),  // ldrb r0, [r1, r2]
        (0x5688, read_of(0x7000_0010)),  // ldrsb r0, [r1, r2]
        (0x5e88, read_of(0x7000_0010)),  // ldrsh r0, [r1, r2]
        (0x5088, write_to(0x7000_0010)), // str r0, [r1, r2]
        (0x5288, write_to(0x7000_0010)), // strh r0, [r1, r2]
        (0x5488, write_to(0x7000_0010)), // strb r0, [r1, r2]
        (0xc90c, read_of(0x7000_0000)),  // ldmia r1!, {r2, r3}
        (0xc10c, write_to(0x7000_0000)), // stmia r1!, {r2, r3}
    ] {
        armv6m(&[code]).with(1, 0x7000_0000).with(2, 0x10).is(kind);
    }
}

#[test]
fn a_load_that_leaves_ram_names_the_first_word_outside() {
    // ldmia r1!, {r2, r3} across the end of RAM.
    armv6m(&[0xc90c]).with(1, RAM + 0x4_1ffc).is(read_of(RAM + 0x4_2000));
    armv6m(&[0xc90c]).with(1, RAM + 0x4_1ff8).is(FaultKind::Other);
}

#[test]
fn the_stack_pointer_and_pc_are_bases_too() {
    // ldr r0, [sp, #1020]; str; pop {r0-r7}: above the end of RAM.
    armv6m(&[0x98ff]).is(read_of(SP + 1020));
    armv6m(&[0x90ff]).is(write_to(SP + 1020));
    armv6m(&[0xbcff]).with(13, RAM + 0x4_1ff0).is(read_of(RAM + 0x4_2000));
    // ldr r0, [pc, #1020] in RAM's last bytes: it is not aligned down from pc + 4 but from there.
    let mut case = armv6m(&[0x48ff]).with(15, RAM + 0x4_1ffe);
    case.image = false;
    case.is(FaultKind::Other);
}

#[test]
fn what_is_not_aligned_names_its_size() {
    for (code, base, bytes) in [(0x6808, RAM + 2, 4), (0x8808, RAM + 1, 2), (0xc90c, RAM + 1, 4)] {
        let case = armv6m(&[code]).with(1, base);
        let Diagnosis { kind, sentence, .. } = case.diagnose();
        assert_eq!(kind, FaultKind::Unaligned { address: base });
        assert!(sentence.contains(&format!("an unaligned {bytes}-byte read")), "{sentence}");
    }
    armv6m(&[0x7808]).with(1, RAM + 1).is(FaultKind::Other);
}

#[test]
fn sentences_say_what_and_where() {
    armv6m(&[0x6808]).with(1, 0x7000_0000).says(&expect![[r#"
        BadAddress { address: 70000000, is_write: false }
        HardFault: `middle` (main.c:32) read from 0x70000000, where the board has no memory"#]]);
    armv6m(&[0x6008]).with(1, 0x100).says(&expect![[r#"
        BadAddress { address: 100, is_write: true }
        HardFault: `middle` (main.c:32) wrote to 0x00000100, which is flash"#]]);
    armv6m(&[0x6008]).with(1, 0x4fff_0000).says(&expect![[r#"
        BadAddress { address: 4fff0000, is_write: true }
        HardFault: `middle` (main.c:32) wrote to 0x4fff0000, where no device answers"#]]);
    armv6m(&[0x6008]).with(1, RAM + 2).says(&expect![[r#"
        Unaligned { address: 20000002 }
        HardFault: `middle` (main.c:32): an unaligned 4-byte write at 0x20000002 (this core needs a multiple of 4)"#]]);
    armv6m(&[0xde2a]).says(&expect![[r#"
        UndefinedInstruction { opcode: de2a }
        HardFault: `middle` (main.c:32) ran into 0xde2a, which is no instruction of this core"#]]);
    armv6m(&[0xf7f0, 0xa000]).says(&expect![[r#"
        UndefinedInstruction { opcode: f7f0a000 }
        HardFault: `middle` (main.c:32) ran into 0xf7f0a000, which is no instruction of this core"#]]);
    armv6m(&[0xbe00]).says(&expect![[r#"
        Breakpoint
        HardFault: `middle` (main.c:32) ran into a breakpoint, and no debugger is there"#]]);
    armv6m(&[0xdf00]).says(&expect![[r#"
        SupervisorCall
        HardFault: `middle` (main.c:32) called the supervisor (SVC), whose handler cannot be entered"#]]);
    armv6m(&[0x0000]).says(&expect![[r#"
        Other
        HardFault: `middle` (main.c:32): for a reason that is not known"#]]);
}

#[test]
fn without_an_image_sentences_have_addresses() {
    let mut case = armv6m(&[0x6808]).with(1, 0x7000_0000);
    case.image = false;
    case.fault.exception = 5;
    case.says(&expect![[r#"
        BadAddress { address: 70000000, is_write: false }
        BusFault: the instruction at 0x00000040 read from 0x70000000, where the board has no memory"#]]);
}

#[test]
fn only_armv7m_has_long_instructions() {
    // b.w; cbz r0; it eq: of Armv6-M none, and bl of both.
    for (code, is_there) in [
        ([0xe8bd, 0x8010], false),
        ([0xb100, 0], false),
        ([0xbf08, 0], false),
        ([0xf000, 0xf800], true),
    ] {
        let opcode = if code[1] == 0 {
            u32::from(code[0])
        } else {
            u32::from(code[0]) << 16 | u32::from(code[1])
        };
        let expected =
            if is_there { FaultKind::Other } else { FaultKind::UndefinedInstruction { opcode } };
        armv6m(&code.map(|half: u16| half)).is(expected);
        let armv7m = armv6m(&code).with_status(FaultStatus::default());
        armv7m.is(FaultKind::Other);
    }
}

#[test]
fn loads_and_stores_of_32_bits_have_their_address() {
    // The base in r1, an index in r2.
    for (first, second, kind) in [
        (0xf8d1, 0x0004, read_of(0x7000_0004)),  // ldr.w r0, [r1, #4]
        (0xf8c1, 0x0ffc, write_to(0x7000_0ffc)), // str.w r0, [r1, #4092]
        (0xf891, 0x0003, read_of(0x7000_0003)),  // ldrb.w r0, [r1, #3]
        (0xf8a1, 0x0002, write_to(0x7000_0002)), // strh.w r0, [r1, #2]
        (0xf991, 0x0001, read_of(0x7000_0001)),  // ldrsb.w r0, [r1, #1]
        (0xf851, 0x0c04, read_of(0x6fff_fffc)),  // ldr r0, [r1, #-4]
        (0xf851, 0x0f04, read_of(0x7000_0004)),  // ldr r0, [r1, #4]!
        (0xf851, 0x0b04, read_of(0x7000_0000)),  // ldr r0, [r1], #4
        (0xf841, 0x0022, write_to(0x7000_0040)), // str.w r0, [r1, r2, lsl #2]
        (0xe9d1, 0x0304, read_of(0x7000_0010)),  // ldrd r0, r3, [r1, #16]
        (0xe9c1, 0x0300, write_to(0x7000_0000)), // strd r0, r3, [r1]
        (0xe8f1, 0x0304, read_of(0x7000_0000)),  // ldrd r0, r3, [r1], #16
        (0xe891, 0x000d, read_of(0x7000_0000)),  // ldmia.w r1, {r0, r2, r3}
        (0xe921, 0x000d, write_to(0x6fff_fff4)), // stmdb r1!, {r0, r2, r3}
        (0xe851, 0x0f01, read_of(0x7000_0004)),  // ldrex r0, [r1, #4]
        (0xed91, 0x0a01, read_of(0x7000_0004)),  // vldr s0, [r1, #4]
        (0xed01, 0x0b02, write_to(0x6fff_fff8)), // vstr d0, [r1, #-8]
    ] {
        armv6m(&[first, second])
            .with(1, 0x7000_0000)
            .with(2, 0x10)
            .with_status(FaultStatus::default())
            .is(kind);
    }
    // ldrd r1, lr, [pc, #416] from 0x40 and from 0x42: pc is rounded down.
    for pc in [PC, PC + 2] {
        let case = armv6m(&[0xe9df, 0xe9df, 0x1e68]).with(15, pc);
        let case =
            case.with_status(FaultStatus { cfsr: cfsr::UNALIGNED, ..FaultStatus::default() });
        case.is(FaultKind::Other);
    }
    // vst1.8 is Neon's.
    armv6m(&[0xf988, 0x279f])
        .with_status(FaultStatus::default())
        .is(FaultKind::UndefinedInstruction { opcode: 0xf988_279f });
    // tbb [r1, r2] is a branch.
    armv6m(&[0xe8d1, 0xf002]).with_status(FaultStatus::default()).is(FaultKind::Other);
}

#[test]
fn armv7m_allows_some_to_be_unaligned() {
    let status = FaultStatus::default();
    armv6m(&[0x6808]).with(1, RAM + 2).with_status(status).is(FaultKind::Other);
    armv6m(&[0xc90c])
        .with(1, RAM + 2)
        .with_status(status)
        .is(FaultKind::Unaligned { address: RAM + 2 });
    armv6m(&[0x6808])
        .with(1, RAM + 2)
        .with_status(FaultStatus { cfsr: cfsr::UNALIGNED, ..status })
        .is(FaultKind::Unaligned { address: RAM + 2 });
}

#[test]
fn what_the_status_says_wins() {
    let status = FaultStatus { cfsr: 0x8200, hfsr: 1 << 30, mmfar: 0, bfar: 0x7000_0010 };
    armv6m(&[0x6808]).with(1, RAM).with_status(status).says(&expect![[r#"
        BadAddress { address: 70000010, is_write: false }
        HardFault: `middle` (main.c:32) read from 0x70000010, where the board has no memory
        CFSR 0x00008200: precise data bus error, BFAR is valid: 0x70000010
        HFSR 0x40000000: escalated from a fault that could not be taken"#]]);
    let with = |cfsr| armv6m(&[0x0000]).with_status(FaultStatus { cfsr, ..status });
    with(cfsr::DACCVIOL | cfsr::MMARVALID).is(read_of(0));
    with(cfsr::DACCVIOL).is(FaultKind::Other);
    with(cfsr::UNDEFINSTR).is(FaultKind::UndefinedInstruction { opcode: 0 });
    with(cfsr::INVSTATE).is(FaultKind::JumpToNowhere { target: PC });
    with(cfsr::IBUSERR).is(FaultKind::JumpToNowhere { target: PC });
    with(cfsr::STKERR).is(FaultKind::StackOverflow { sp: SP, low: RAM });
    with(1 << 25).says(&expect![[r#"
        Other
        HardFault: `middle` (main.c:32): division by zero
        CFSR 0x02000000: division by zero
        HFSR 0x40000000: escalated from a fault that could not be taken"#]]);
}

#[test]
fn a_stack_pointer_outside_ram_is_an_overflow() {
    let low = RAM;
    armv6m(&[0]).with(13, RAM - 16).says(&expect![[r#"
        StackOverflow { sp: 1ffffff0, low: 20000000 }
        HardFault: the stack has run over in `middle` (main.c:32): sp is 0x1ffffff0, 16 bytes below its end"#]]);
    armv6m(&[0]).with(13, 0xdead_beec).says(&expect![[r#"
        StackOverflow { sp: deadbeec, low: 20000000 }
        HardFault: sp is 0xdeadbeec in `middle` (main.c:32), where the board has no RAM"#]]);
    let mut case = armv6m(&[0]).with(13, RAM + 8);
    case.fault.is_stacked = false;
    case.says(&expect![[r#"
        StackOverflow { sp: 20000008, low: 20000000 }
        HardFault: the stack has run over in `middle` (main.c:32): sp is 0x20000008, 8 bytes above its end, and an exception needs more"#]]);
    // push {r0-r7} with room for four; the processor itself had enough.
    armv6m(&[0xb4ff]).with(13, RAM + 16).is(FaultKind::StackOverflow { sp: RAM + 16, low });
    armv6m(&[0xb4ff]).with(13, RAM + 32).is(FaultKind::Other);
    // An empty stack.
    armv6m(&[0]).with(13, RAM + 0x4_2000).is(FaultKind::Other);
}

#[test]
fn the_marks_say_where_the_stack_ends() {
    let case = armv6m(&[0]).with(13, 0x2000_0ff0);
    case.is(FaultKind::Other);
    let mut case = armv6m(&[0]).with(13, 0x2000_0ff0);
    case.marks = vec![u32::from_le_bytes(*b"RPLM"), 1, 0x2000_1000, 0x2000_2000, 0];
    case.says(&expect![[r#"
        StackOverflow { sp: 20000ff0, low: 20001000 }
        HardFault: the stack has run over in `middle` (main.c:32): sp is 0x20000ff0, 16 bytes below its end"#]]);
}

#[test]
fn the_spaces_of_devices_have_ends() {
    for (address, is_device) in [
        (0x3fff_fffc, false),
        (0x4000_0000, true),
        (0x5fff_fffc, true),
        (0x6000_0000, false),
        (0xdfff_fffc, false),
        (0xe000_0000, true),
        (0xe00f_fffc, true),
        (0xe010_0000, false),
    ] {
        let sentence = armv6m(&[0x6808]).with(1, address).diagnose().sentence;
        assert_eq!(sentence.contains("no device"), is_device, "{sentence}");
    }
}

#[test]
fn jumps_to_nowhere_say_where_from() {
    armv6m(&[]).with(14, 0x49).with(15, 0x7000_0000).says(&expect![[r#"
        JumpToNowhere { target: 70000000 }
        HardFault: jumped from `middle` (main.c:32) to 0x70000000, where the board has no memory"#]]);
    let mut case = armv6m(&[]).with(14, 0x49).with(15, 0x300);
    case.fault.registers.xpsr = 0;
    case.says(&expect![[r#"
        JumpToNowhere { target: 300 }
        HardFault: jumped from `middle` (main.c:32) to 0x00000300 (Thumb bit clear): a function pointer without its bit 0?"#]]);
    let mut case = armv6m(&[]).with(14, 0x49).with(15, 0);
    case.fault.registers.xpsr = 0;
    case.says(&expect![[r#"
        JumpToNowhere { target: 0 }
        HardFault: jumped to 0x00000000 (Thumb bit clear): a null function pointer?"#]]);
    let mut case = armv6m(&[]).with(15, 0x4000_0000);
    case.image = false;
    case.says(&expect![[r#"
        JumpToNowhere { target: 40000000 }
        HardFault: jumped to 0x40000000, where the board has no memory"#]]);
}

proptest! {
    #[test]
    fn whatever_was_executed_has_a_sentence(
        code in prop::collection::vec(any::<u16>(), 0..3),
        r in any::<[u32; 16]>(),
        at_pc in any::<bool>(),
        xpsr in any::<u32>(),
        exception in any::<u8>(),
        is_stacked in any::<bool>(),
        status in prop::option::of(any::<[u32; 4]>()),
    ) {
        let mut case = armv6m(&code);
        let pc = if at_pc { PC } else { r[15] };
        case.fault.registers.r = r;
        case.fault.registers.r[15] = pc;
        case.fault.registers.xpsr = xpsr;
        case.fault.exception = exception;
        case.fault.is_stacked = is_stacked;
        case.fault.status =
            status.map(|[cfsr, hfsr, mmfar, bfar]| FaultStatus { cfsr, hfsr, mmfar, bfar });
        let sentence = case.diagnose().sentence;
        prop_assert!(!sentence.is_empty() && !sentence.ends_with('.') && !sentence.contains('\n'));
    }
}
