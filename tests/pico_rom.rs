//! The boot ROMs of the emulated RP2040: what programs find in them.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use replab_memory::Image;

/// The two ROMs: the lab's own, and the one that speaks to the flash chip.
const ROMS: [&str; 2] = ["rom", "rom-by-commands"];

/// A ROM's bytes and its symbols.
fn rom(stem: &str) -> Result<(Vec<u8>, Image), String> {
    let folder = support::target().join("firmware/pico-rom");
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read(&path)
            .map_err(|_| format!("no ROM at {} (cargo xtask firmware pico-rom)", path.display()))
    };
    let elf = read(&format!("{stem}.elf"))?;
    Ok((read(&format!("{stem}.bin"))?, Image::read(&elf).expect("the linker wrote an ELF file")))
}

fn half(rom: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes([rom[at], rom[at + 1]]))
}

fn word(rom: &[u8], at: usize) -> usize {
    half(rom, at) | half(rom, at + 2) << 16
}

/// What stands for `code` in the table that the pointer at `pointer` leads to (RP2040 data sheet §2.8.3).
fn entry(rom: &[u8], pointer: usize, code: &[u8; 2]) -> Option<usize> {
    let mut at = half(rom, pointer);
    while half(rom, at) != 0 {
        if &rom[at..at + 2] == code {
            return Some(half(rom, at + 2));
        }
        at += 4;
    }
    None
}

#[test]
fn the_header_is_that_of_an_rp2040_b2() {
    for stem in ROMS {
        let (rom, symbols) = or_skip!(rom(stem));
        assert_eq!(rom.len(), 16 << 10, "{stem}");
        assert_eq!(&rom[0x10..0x14], b"Mu\x01\x03", "{stem}");
        assert_eq!(word(&rom, 4), symbols.symbol("start").expect("it has a name") as usize);
        assert_eq!(half(&rom, 0x18) & 1, 1, "the lookup function of {stem} is Thumb code");
    }
}

#[test]
fn each_function_that_the_sdk_looks_up_is_there() {
    for stem in ROMS {
        let (rom, _) = or_skip!(rom(stem));
        for code in [
            b"P3", b"R3", b"L3", b"T3", b"MS", b"S4", b"MC", b"C4", b"IF", b"EX", b"RE", b"RP",
            b"FC", b"CX", b"UB",
        ] {
            let function = entry(&rom, 0x14, code).unwrap_or_else(|| panic!("no {code:?}"));
            assert_eq!(function & 1, 1, "{code:?} of {stem} is no Thumb code");
        }
        assert_eq!(entry(&rom, 0x14, b"XX"), None, "{stem}");
    }
}

#[test]
fn the_tables_of_arithmetic_have_their_order() {
    let (rom, symbols) = or_skip!(rom("rom"));
    let address = |name: &str| symbols.symbol(name).map(|address| address as usize);
    for (code, letter) in [(b"SF", 'f'), (b"SD", 'd')] {
        let table = entry(&rom, 0x16, code).expect("the table is there");
        for (index, name) in
            [(0, "add"), (3, "div"), (6, "sqrt"), (7, "2i"), (12, ""), (21, "cmp"), (31, "")]
        {
            let name = match index {
                12 => format!("rom_fix2{letter}"),
                31 => format!("rom_{letter}2{}", if letter == 'f' { 'd' } else { 'f' }),
                _ => format!("rom_{letter}{name}"),
            };
            assert_eq!(Some(word(&rom, table + 4 * index)), address(&name), "{name}");
        }
    }
    // Where the pico-sdk looks for the tables' length (bootrom/sf_table.h).
    let table = entry(&rom, 0x16, b"SF").expect("the table is there");
    assert_eq!(rom[table - 2], 32);
}

#[test]
fn its_arithmetic_is_that_of_this_computer() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let program = folder.path().join("check");
    let source = support::root().join("firmware/pico-rom/check.c");
    or_skip!(built(&source, &program));
    let output = Command::new(&program).output().expect("what was built runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "as expected\n");
}

/// Builds a program for this computer, whose compiler Rust needs too.
fn built(source: &Path, program: &Path) -> Result<(), String> {
    let output = Command::new("cc")
        .args(["-O1", "-ffp-contract=off", "-o"])
        .args([program, source])
        .arg("-lm")
        .output()
        .map_err(|error| format!("no C compiler: {error}"))?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
