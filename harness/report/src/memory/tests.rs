//! What the texts look like.

use expect_test::{Expect, expect};
use replab_board::MemoryKind;
use replab_memory::{HeapFigures, Part, Sample, SectionKind, StackFigures, Symbol};

use super::*;
use crate::Paint;

fn part(name: &str, at: u32, size: u32, role: Role) -> Part {
    Part { name: name.into(), at, size, role }
}

fn section(name: &str, at: u32, size: u32, load_at: Option<u32>, kind: SectionKind) -> Section {
    Section { name: name.into(), at, size, load_at, kind, is_ram: at >= 0x2000_0000 }
}

fn symbol(name: &str, at: u32, size: u32, section: &str, file: Option<&str>) -> LargeSymbol {
    let is_function = section == ".text";
    let symbol = Symbol { name: name.into(), at, size, section: section.into(), is_function };
    LargeSymbol { symbol, file: file.map(str::to_owned) }
}

/// A small program, on a board or not.
fn tell(board: Option<&str>, to_text: impl Fn(&MemoryReport<'_>) -> String) -> String {
    let on_board = |size| board.map(|_| size);
    let sections = [
        section(".isr_vector", 0, 192, Some(0), SectionKind::Constants),
        section(".text", 192, 254_812, Some(192), SectionKind::Code),
        section(".data", 0x2000_0000, 16, Some(255_004), SectionKind::Data),
        section(".bss", 0x2000_0010, 1192, None, SectionKind::Reserved),
    ];
    let mut flash = vec![
        part(".isr_vector", 0, 192, Role::Constants),
        part(".text", 192, 254_812, Role::Code),
        part(".data", 255_004, 16, Role::FirstContent),
    ];
    if board.is_some() {
        flash.push(part("files", 0xa_0000, 0x16_0000, Role::Files));
    }
    let ram = vec![
        part(".data", 0x2000_0000, 16, Role::Data),
        part(".bss", 0x2000_0010, 1192, Role::Reserved),
        part("stack", 0x2004_0000, 8192, Role::Stack),
    ];
    let region = |name: &str, kind, at, size, parts| RegionUse {
        name: name.into(),
        kind,
        at,
        size: on_board(size),
        parts,
    };
    let regions = [
        region("flash", MemoryKind::Flash, 0, 0x20_0000, flash),
        region("ram", MemoryKind::Ram, 0x2000_0000, 0x4_2000, ram),
    ];
    to_text(&MemoryReport {
        file: "firmware.elf",
        board,
        sums: Sums { text: 255_004, data: 16, bss: 1192 },
        sections: &sections,
        regions: &regions,
        largest: &[
            symbol("mp_execute_bytecode", 4096, 5000, ".text", Some("/micropython/py/vm.c")),
            symbol("mp_state", 0x2000_0010, 700, ".bss", Some("state.c")),
            symbol("memcpy", 8192, 100, ".text", None),
        ],
        symbols: 2345,
        has_heap: true,
    })
}

#[track_caller]
fn check(board: Option<&str>, to_text: impl Fn(&MemoryReport<'_>) -> String, expected: &Expect) {
    expected.assert_eq(&tell(board, to_text));
}

fn plain(report: &MemoryReport<'_>) -> String {
    memory_screen(report, Paint::Plain)
}

#[test]
fn the_stable_text_is_bytes_in_columns() {
    check(
        Some("lab-m0"),
        memory_text,
        &expect![[r#"
        # replab memory 1, sizes in bytes
            # text       data        bss
            255004         16       1192
              # at       size       used       free memory
        0x00000000    2097152     255020     400340 flash
        0x20000000     270336       1208     260936 ram
              # at       size memory part what
        0x00000000        192 flash .isr_vector constants
        0x000000c0     254812 flash .text code
        0x0003e41c         16 flash .data first-content
        0x000a0000    1441792 flash files files
        0x20000000         16 ram .data data
        0x20000010       1192 ram .bss reserved
        0x20040000       8192 ram stack stack
            # size section file symbol
              5000 .text vm.c mp_execute_bytecode
               700 .bss state.c mp_state
               100 .text - memcpy
    "#]],
    );
    check(
        None,
        memory_text,
        &expect![[r#"
        # replab memory 1, sizes in bytes
            # text       data        bss
            255004         16       1192
              # at       size       used       free memory
        0x00000000          -     255020          - flash
        0x20000000          -       1208          - ram
              # at       size memory part what
        0x00000000        192 flash .isr_vector constants
        0x000000c0     254812 flash .text code
        0x0003e41c         16 flash .data first-content
        0x20000000         16 ram .data data
        0x20000010       1192 ram .bss reserved
        0x20040000       8192 ram stack stack
            # size section file symbol
              5000 .text vm.c mp_execute_bytecode
               700 .bss state.c mp_state
               100 .text - memcpy
    "#]],
    );
}

#[test]
fn the_screen_says_what_is_what() {
    check(
        Some("lab-m0"),
        plain,
        &expect![[r#"
            firmware.elf on lab-m0

            flash  249.0 KiB of 2 MiB (12.1 %)  [####+++++++++++++++++++++.....]
                   the program: code, constants, first values of data; kept without power
              248.8 KiB  .text          code
                  192 B  .isr_vector    constants
                   16 B  .data          what it begins with in RAM
               1.37 MiB  files          the file system
              390.9 KiB  free

            ram    1.1 KiB of 264 KiB (0.4 %)  [#+............................]
                   data + bss + stack + heap: what changes; lost without power
                1.1 KiB  .bss           variables without first values
                   16 B  .data          variables with first values
                  8 KiB  stack          calls and their variables
              254.8 KiB  free           the heap is made of this

            [#] in the file  [+] set aside while it runs  [.] free

            text 255004, data 16, bss 1192 bytes, as `arm-none-eabi-size` counts

            The largest 3 of 2345 functions and variables
                4.8 KiB  mp_execute_bytecode  .text  vm.c
                  700 B  mp_state             .bss  state.c
                  100 B  memcpy               .text
        "#]],
    );
}

#[test]
fn without_a_board_nobody_knows_what_is_free() {
    check(
        None,
        plain,
        &expect![[r#"
            firmware.elf

            flash  249.0 KiB from 0x00000000 on
                   the program: code, constants, first values of data; kept without power
              248.8 KiB  .text          code
                  192 B  .isr_vector    constants
                   16 B  .data          what it begins with in RAM

            ram    1.1 KiB from 0x20000000 on
                   data + bss + stack + heap: what changes; lost without power
                1.1 KiB  .bss           variables without first values
                   16 B  .data          variables with first values
                  8 KiB  stack          calls and their variables

            text 255004, data 16, bss 1192 bytes, as `arm-none-eabi-size` counts

            The largest 3 of 2345 functions and variables
                4.8 KiB  mp_execute_bytecode  .text  vm.c
                  700 B  mp_state             .bss  state.c
                  100 B  memcpy               .text
        "#]],
    );
}

#[test]
fn a_stripped_file_says_why_no_symbol_is_shown() {
    let stripped = |report: &MemoryReport<'_>| {
        plain(&MemoryReport { largest: &[], symbols: 0, regions: &[], ..*report })
    };
    check(
        None,
        stripped,
        &expect![[r#"
        firmware.elf

        text 255004, data 16, bss 1192 bytes, as `arm-none-eabi-size` counts

        The file has no symbols: nothing tells which function or variable is large.
    "#]],
    );
    let none_asked_for =
        |report: &MemoryReport<'_>| plain(&MemoryReport { largest: &[], regions: &[], ..*report });
    check(
        None,
        none_asked_for,
        &expect![[r#"
        firmware.elf

        text 255004, data 16, bss 1192 bytes, as `arm-none-eabi-size` counts
    "#]],
    );
}

#[test]
fn json_has_everything() {
    let json = |report: &MemoryReport<'_>| {
        let value: serde_json::Value = serde_json::from_str(&memory_json(report)).unwrap();
        serde_json::to_string_pretty(&value["regions"][0]).unwrap()
            + &format!("\n{}\n{}", value["sections"][2], value["symbols"])
            + &format!("\n{} {} {}", value["memory"], value["text"], value["symbols_total"])
    };
    check(
        Some("lab-m0"),
        json,
        &expect![[r#"
        {
          "at": 0,
          "free": 400340,
          "kind": "flash",
          "name": "flash",
          "parts": [
            {
              "at": 0,
              "name": ".isr_vector",
              "role": "constants",
              "size": 192
            },
            {
              "at": 192,
              "name": ".text",
              "role": "code",
              "size": 254812
            },
            {
              "at": 255004,
              "name": ".data",
              "role": "first-content",
              "size": 16
            },
            {
              "at": 655360,
              "name": "files",
              "role": "files",
              "size": 1441792
            }
          ],
          "size": 2097152,
          "used": 255020
        }
        {"at":536870912,"kind":"data","load_at":255004,"name":".data","size":16}
        [{"at":4096,"file":"/micropython/py/vm.c","name":"mp_execute_bytecode","section":".text","size":5000},{"at":536870928,"file":"state.c","name":"mp_state","section":".bss","size":700},{"at":8192,"name":"memcpy","section":".text","size":100}]
        1 255004 2345"#]],
    );
}

#[test]
fn names_from_a_file_cannot_write_to_the_terminal() {
    let symbols = [symbol("\x1b[2Jevil\nname", 0, 4, ".te\x1bxt", Some("a/\x07.c"))];
    let parts = vec![part("\x1b[31m", 0, 4, Role::Data)];
    let (name, kind) = ("\x1bram".into(), MemoryKind::Ram);
    let regions = [RegionUse { name, kind, at: 0, size: None, parts }];
    let with = |to_text: fn(&MemoryReport<'_>) -> String| {
        tell(None, |report| {
            let (file, regions, largest) = ("\x1b.elf", &regions[..], &symbols[..]);
            to_text(&MemoryReport { file, regions, largest, ..*report })
        })
    };
    for text in [with(plain), with(memory_text), with(memory_json)] {
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    }
    assert_eq!(with(memory_text).lines().count(), 9);
}

const BEFORE: Sample = Sample {
    stack: StackFigures { size: 8192, peak: 1200 },
    heap: Some(HeapFigures { total: 237_568, used: 2016, free: 235_552, largest_free: 235_000 }),
};
const NOW: Sample = Sample {
    stack: StackFigures { size: 8192, peak: 1200 },
    heap: Some(HeapFigures { total: 237_568, used: 12_256, free: 225_312, largest_free: 220_000 }),
};

#[track_caller]
fn check_sample(now: &Sample, before: Option<&Sample>, screen: &Expect) {
    let change = before.map(|before| now.since(before));
    screen.assert_eq(&sample_screen(now, change.as_ref(), Paint::Plain));
}

#[test]
fn a_sample_tells_heap_and_stack() {
    check_sample(
        &BEFORE,
        None,
        &expect![[r#"
        heap   1.9 KiB of 232 KiB used (0.8 %)  [#.............................]
               230.0 KiB free, 229.4 KiB of it in one piece
        stack  1.1 KiB of 8 KiB used at most (14.6 %)  [#####.........................]
    "#]],
    );
}

#[test]
fn a_later_sample_tells_what_has_changed() {
    check_sample(
        &NOW,
        Some(&BEFORE),
        &expect![[r#"
        heap   11.9 KiB of 232 KiB used (5.1 %)  [##............................]  +10240 B since the last sample
               220.0 KiB free, 214.8 KiB of it in one piece
        stack  1.1 KiB of 8 KiB used at most (14.6 %)  [#####.........................]  unchanged
    "#]],
    );
}

#[test]
fn a_sample_without_a_heap_tells_the_stack() {
    let now = Sample { heap: None, ..NOW };
    check_sample(
        &now,
        Some(&BEFORE),
        &expect![[r#"
        stack  1.1 KiB of 8 KiB used at most (14.6 %)  [#####.........................]  unchanged
    "#]],
    );
}
