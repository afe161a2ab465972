//! Firmware in its three kinds of files, as the builds give them.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use replab_image::{FlashImage, Range, bin};
use replab_machine::qemu::{self, Proof};
use support::bench::Bench;

/// What a built firmware for the RP2040 puts into flash.
fn flash_of(name: &str) -> Result<FlashImage, String> {
    let path = support::target().join("firmware").join(name);
    if !path.exists() {
        return Err(format!("no firmware at {} (cargo xtask firmware)", path.display()));
    }
    Ok(qemu::flash_image(&support::board("pico"), &path).expect("what was built is right"))
}

#[test]
fn the_three_files_of_a_build_put_the_same_into_flash() {
    for name in ["pico/firmware", "pico-guests/pwm-blink", "pico-guests/uart-echo"] {
        let elf = or_skip!(flash_of(&format!("{name}.elf")));
        let raw = or_skip!(flash_of(&format!("{name}.bin")));
        let uf2 = or_skip!(flash_of(&format!("{name}.uf2")));
        for piece in elf.pieces() {
            for image in [&raw, &uf2] {
                let found = image.bytes(piece.address, piece.bytes.len());
                assert_eq!(found, Some(piece.bytes.as_slice()), "{name} at {:#x}", piece.address);
            }
        }
        // A raw image fills gaps, and UF2 also the last page.
        assert!(elf.size() <= raw.size() && raw.size() <= uf2.size(), "{name}");
    }
}

#[test]
fn a_pico_image_is_refused_by_a_board_without_an_rp2040() {
    let path = support::target().join("firmware/pico/firmware.uf2");
    or_skip!(flash_of("pico/firmware.uf2"));
    let why = qemu::check_firmware(&support::lab_m0(), &path).unwrap_err().to_string();
    assert!(why.contains("it is a UF2 file, and this board has no boot loader for such"), "{why}");
}

/// Our test firmware as a raw image in `folder`.
fn raw_bare_metal(folder: &Path) -> Result<PathBuf, String> {
    let board = support::lab_m0();
    let image = qemu::flash_image(&board, &support::bare_metal()?).expect("it is right");
    let path = folder.join("bare-metal.bin");
    fs::write(&path, bin::write(&image, Range { at: 0, size: 0x20_0000 })).expect("it is written");
    Ok(path)
}

#[test]
fn a_raw_image_runs_as_its_elf_file_does() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let tools = or_skip!(support::qemu_tools());
    let elf = or_skip!(support::bare_metal());
    let raw = or_skip!(raw_bare_metal(folder.path()));
    let events = [elf, raw].map(|firmware| {
        let mut bench = Bench::start(&tools, &firmware, Proof::default());
        bench.until("> ");
        bench.type_line("blink 25 4 1000");
        bench.until("> ");
        std::mem::take(&mut bench.events)
    });
    assert_eq!(events[0], events[1]);
}
