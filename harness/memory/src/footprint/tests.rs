//! Footprints of made files. Those of real ones are compared in `tests/memory_size.rs`.

mod properties;

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use replab_board::{FileSystem, MemoryKind};

use super::*;
use crate::testing::{
    GLOBAL_FUNCTION, GLOBAL_VARIABLE, LOCAL_FUNCTION, Name, Parts, Piece, WEAK_FUNCTION, board,
    elf, linked,
};

const fn piece(
    name: &'static str,
    flags: &'static str,
    at: u32,
    load_at: Option<u32>,
    size: u32,
) -> Piece {
    Piece { name, flags, at, load_at, size }
}

/// A program as a microcontroller has it.
const PROGRAM: &[Piece] = &[
    piece(".isr_vector", "a", 0, Some(0), 0xc0),
    piece(".text", "ax", 0xc0, Some(0xc0), 0x400),
    piece(".ramfunc", "ax", 0x2000_0000, Some(0x4c0), 0x20),
    piece(".data", "wa", 0x2000_0020, Some(0x4e0), 0x10),
    piece(".bss", "wa", 0x2000_0030, None, 0x100),
    piece(".noinit", "wa", 0x2000_0140, None, 8),
];

/// Regions and parts, a line each.
fn show(regions: &[RegionUse]) -> String {
    let mut text = String::new();
    for region in regions {
        let free = region.free().map(|free| format!(", free {free}")).unwrap_or_default();
        writeln!(text, "{} {:#x}: used {}{free}", region.name, region.at, region.used()).unwrap();
        for Part { name, at, size, role } in &region.parts {
            writeln!(text, "  {at:#x} {name} {size} {role:?}").unwrap();
        }
    }
    text
}

#[track_caller]
fn check_file(bytes: &[u8], expected: &Expect) {
    let footprint = Footprint::read(bytes).unwrap();
    let Sums { text, data, bss } = footprint.sums();
    let regions = footprint.regions();
    let Totals { flash, ram } = Totals::of(&regions);
    let sums = format!("text {text}, data {data}, bss {bss}; flash {flash}, ram {ram}\n");
    expected.assert_eq(&(sums + &show(&regions)));
}

#[track_caller]
fn check_board(board: &Board, pieces: &[Piece], expected: &Expect) {
    let footprint = Footprint::read(&linked(pieces, &[])).unwrap();
    let shown = footprint.regions_of(board).map_or_else(|e| format!("{e}\n"), |it| show(&it));
    expected.assert_eq(&shown);
}

#[track_caller]
fn check_symbols(names: &[Name], expected: &[(&str, u32, u32, &str)]) {
    let footprint = Footprint::read(&linked(PROGRAM, names)).unwrap();
    let symbols: Vec<_> = footprint
        .symbols
        .iter()
        .map(|symbol| (symbol.name.as_str(), symbol.at, symbol.size, symbol.section.as_str()))
        .collect();
    assert_eq!(symbols, expected);
}

#[test]
fn what_is_copied_takes_both_memories() {
    check_file(
        &linked(PROGRAM, &[]),
        &expect![[r#"
        text 1248, data 16, bss 264; flash 1264, ram 312
        flash 0x0: used 1264
          0x0 .isr_vector 192 Constants
          0xc0 .text 1024 Code
          0x4c0 .ramfunc 32 FirstContent
          0x4e0 .data 16 FirstContent
        ram 0x20000000: used 312
          0x20000000 .ramfunc 32 CodeInRam
          0x20000020 .data 16 Data
          0x20000030 .bss 256 Reserved
          0x20000140 .noinit 8 Reserved
    "#]],
    );
}

#[test]
fn memories_are_told_apart_without_a_board() {
    // Writable tables in flash; code that was loaded into RAM; a memory of its own.
    let pieces = [
        piece(".itcm", "ax", 0, Some(0x0800_0400), 0x10),
        piece(".text", "ax", 0x0800_0000, Some(0x0800_0000), 0x100),
        piece(".init_array", "wa", 0x0800_0100, Some(0x0800_0100), 8),
        piece(".loaded", "ax", 0x2000_0000, Some(0x2000_0000), 0x40),
        piece(".sdram", "wa", 0xd000_0000, Some(0xd000_0000), 0x20),
        piece(".qspi", "a", 0x9000_0000, Some(0x9000_0000), 0x30),
    ];
    check_file(
        &linked(&pieces, &[]),
        &expect![[r#"
        text 384, data 40, bss 0; flash 328, ram 112
        ram 0x0: used 16
          0x0 .itcm 16 CodeInRam
        flash 0x8000000: used 280
          0x8000000 .text 256 Code
          0x8000100 .init_array 8 Data
          0x8000400 .itcm 16 FirstContent
        ram 0x20000000: used 64
          0x20000000 .loaded 64 CodeInRam
        flash 0x90000000: used 48
          0x90000000 .qspi 48 Constants
        ram 0xd0000000: used 32
          0xd0000000 .sdram 32 Data
    "#]],
    );
}

#[test]
fn overlays_share_their_memory() {
    let pieces = [
        piece(".first", "wa", 0x2000_0000, Some(0x100), 0x20),
        piece(".second", "wa", 0x2000_0000, Some(0x120), 0x30),
    ];
    check_file(
        &linked(&pieces, &[]),
        &expect![[r#"
        text 0, data 80, bss 0; flash 80, ram 48
        flash 0x100: used 80
          0x100 .first 32 FirstContent
          0x120 .second 48 FirstContent
        ram 0x20000000: used 48
          0x20000000 .first 32 Data
          0x20000000 .second 48 Data
    "#]],
    );
}

#[test]
fn an_object_file_has_sizes_and_no_places() {
    check_file(
        &elf(Parts::All),
        &expect![[r#"
        text 512, data 0, bss 0; flash 512, ram 0
        flash 0x0: used 512
          0x0 .text 512 Code
    "#]],
    );
    let footprint = Footprint::read(&elf(Parts::All)).unwrap();
    let error = footprint.regions_of(&board()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the file is not linked yet, so nothing of it has a place on a board"
    );
}

#[test]
fn a_board_tells_what_is_free() {
    check_board(
        &board(),
        PROGRAM,
        &expect![[r#"
        flash 0x0: used 1264, free 2095888
          0x0 .isr_vector 192 Constants
          0xc0 .text 1024 Code
          0x4c0 .ramfunc 32 FirstContent
          0x4e0 .data 16 FirstContent
        ram 0x20000000: used 312, free 270024
          0x20000000 .ramfunc 32 CodeInRam
          0x20000020 .data 16 Data
          0x20000030 .bss 256 Reserved
          0x20000140 .noinit 8 Reserved
    "#]],
    );
}

#[test]
fn a_boards_files_take_what_the_program_leaves() {
    let mut board = board();
    // The program reaches into it.
    board.file_system =
        Some(FileSystem { at: 0x400, size: 0x1000, block_size: 4096, program_size: 256 });
    check_board(
        &board,
        &PROGRAM[..2],
        &expect![[r#"
        flash 0x0: used 1216, free 2092032
          0x0 .isr_vector 192 Constants
          0xc0 .text 1024 Code
          0x4c0 files 3904 Files
        ram 0x20000000: used 0, free 270336
    "#]],
    );
}

/// `PROGRAM` with marks that put a stack where `.noinit` is and above.
fn with_marks() -> Vec<u8> {
    let mut bytes = linked(PROGRAM, &[("replab_marks", 0x200, 40, 1, GLOBAL_VARIABLE)]);
    // Contents follow the headers, those of the first two sections as in memory.
    let start = 52 + 32 * PROGRAM.len() + 0x200;
    let words = [0x4d4c_5052, 1, 0x2000_0140, 0x2000_1000, 1, 0, 0, 0, 0, 16];
    for (at, word) in (start..).step_by(4).zip(words) {
        bytes[at..at + 4].copy_from_slice(&u32::to_le_bytes(word));
    }
    bytes
}

#[test]
fn the_stack_is_what_the_marks_say_and_no_section_has() {
    let footprint = Footprint::read(&with_marks()).unwrap();
    assert_eq!(footprint.stack, Some(Span { at: 0x2000_0140, size: 0xec0 }));
    assert!(footprint.has_heap);
    let used = Totals { flash: 1264, ram: 312 };
    for regions in [footprint.regions(), footprint.regions_of(&board()).unwrap()] {
        let last = regions[1].parts.last().cloned().unwrap();
        let stack = Part { name: "stack".into(), at: 0x2000_0148, size: 0xeb8, role: Role::Stack };
        assert_eq!(last, stack);
        assert_eq!(Totals::of(&regions), used);
    }
    let unmarked = Footprint::read(&linked(PROGRAM, &[])).unwrap();
    assert_eq!((unmarked.stack, unmarked.has_heap), (None, false));
}

#[test]
fn what_fits_nowhere_is_named() {
    let elsewhere = [piece(".text", "ax", 0x0800_0000, Some(0x0800_0000), 0x100)];
    check_board(
        &board(),
        &elsewhere,
        &expect![[r#"
        section `.text` (256 bytes at 0x08000000) lies in no memory of test, which has flash (2097152 bytes at 0x00000000) and ram (270336 bytes at 0x20000000)
    "#]],
    );
    let too_large = [piece(".bss", "wa", 0x2000_0010, None, 0x4_2000)];
    check_board(
        &board(),
        &too_large,
        &expect![[r#"
        section `.bss` (270336 bytes at 0x20000010) lies in no memory of test, which has flash (2097152 bytes at 0x00000000) and ram (270336 bytes at 0x20000000)
    "#]],
    );
    let wraps = [piece(".bss", "wa", 0xffff_fff0, None, 0x20)];
    check_board(
        &board(),
        &wraps,
        &expect![[r#"
        section `.bss` (32 bytes at 0xfffffff0) lies in no memory of test, which has flash (2097152 bytes at 0x00000000) and ram (270336 bytes at 0x20000000)
    "#]],
    );
}

#[test]
fn the_largest_symbols_come_first_and_equal_ones_by_address() {
    check_symbols(
        &[
            ("small", 0x101, 4, 1, GLOBAL_FUNCTION),
            ("buffer", 0x2000_0030, 0x80, 4, GLOBAL_VARIABLE),
            ("second", 0x141, 0x20, 1, GLOBAL_FUNCTION),
            ("first", 0x121, 0x20, 1, LOCAL_FUNCTION),
            ("_RNvCs1234_7mycrate4main", 0x161, 0x30, 1, GLOBAL_FUNCTION),
            ("no_size", 0x201, 0, 1, GLOBAL_FUNCTION),
        ],
        &[
            ("buffer", 0x2000_0030, 0x80, ".bss"),
            ("mycrate::main", 0x160, 0x30, ".text"),
            ("first", 0x120, 0x20, ".text"),
            ("second", 0x140, 0x20, ".text"),
            ("small", 0x100, 4, ".text"),
        ],
    );
}

#[test]
fn several_names_for_the_same_bytes_count_once() {
    check_symbols(
        &[
            ("a_weak", 0x101, 8, 1, WEAK_FUNCTION),
            ("b_local", 0x101, 8, 1, LOCAL_FUNCTION),
            ("d_global", 0x101, 8, 1, GLOBAL_FUNCTION),
            ("c_global", 0x101, 8, 1, GLOBAL_FUNCTION),
            ("longer", 0x101, 12, 1, LOCAL_FUNCTION),
        ],
        &[("longer", 0x100, 12, ".text"), ("c_global", 0x100, 8, ".text")],
    );
}

#[test]
fn a_large_file_is_refused_by_its_size() {
    assert!(check_size(LARGEST_FILE).is_ok());
    let error = check_size(2 << 30).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the file has 2147483648 bytes, and more than 268435456 (256 MiB) are not read"
    );
}

#[test]
fn kinds_of_memory_are_those_of_the_board() {
    let footprint = Footprint::read(&linked(PROGRAM, &[])).unwrap();
    let kinds: Vec<_> =
        footprint.regions_of(&board()).unwrap().iter().map(|region| region.kind).collect();
    assert_eq!(kinds, [MemoryKind::Flash, MemoryKind::Ram]);
}
