//! Right files and wrong ones, for a board that begins at the start of its flash and for one with
//! a second stage.

use std::path::PathBuf;

use replab_image::Piece;

use super::*;

const LAB_M0: &str = include_str!("../../../../../boards/lab-m0.yaml");

fn lab_m0() -> Board {
    replab_board::load("lab-m0.yaml", LAB_M0).unwrap()
}

fn rp2040() -> Board {
    replab_board::load("pico.yaml", include_str!("../../../../../boards/pico.yaml")).unwrap()
}

/// What [`check`] says of a file with these bytes and this ending.
fn checked(bytes: &[u8], ending: &str, board: &Board) -> Result<Image, MachineError> {
    let (_folder, path) = written(bytes, ending);
    check(&path, board)
}

fn written(bytes: &[u8], ending: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("firmware.{ending}"));
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// A right file: one segment at 0 with a vector table and code behind it.
fn elf() -> Vec<u8> {
    let mut file = vec![0; 52 + 32];
    file[..7].copy_from_slice(b"\x7fELF\x01\x01\x01");
    let mut half = |at: usize, value: u16| file[at..at + 2].copy_from_slice(&value.to_le_bytes());
    half(16, 2); // ET_EXEC
    half(18, 40); // EM_ARM
    half(40, 52); // size of the header
    half(42, 32); // size of a program header
    half(44, 1); // how many
    let mut word = |at: usize, value: u32| file[at..at + 4].copy_from_slice(&value.to_le_bytes());
    word(20, 1); // version
    word(28, 52); // where the program headers are
    for (index, value) in [1, 84, 0, 0, 80, 80, 5, 4].into_iter().enumerate() {
        word(52 + 4 * index, value);
    }
    let vectors = [0x2004_2000, 0x41, 0x45, 0x47, 0, 0x47, 0x49];
    file.extend(vectors.iter().flat_map(|vector: &u32| vector.to_le_bytes()));
    file.resize(84 + 80, 0);
    file
}

/// Writes `bytes` at `at` into a right file; its refusal must hold `expected`.
#[track_caller]
fn check_wrong(at: usize, bytes: &[u8], expected: &str) {
    let mut file = elf();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    refused(&file, expected);
}

#[track_caller]
fn refused(file: &[u8], expected: &str) {
    let why = checked(file, "elf", &lab_m0()).expect_err("the file is wrong").to_string();
    assert!(why.contains(expected), "{why}");
}

#[test]
fn a_right_file_gives_its_fault_handlers() {
    assert_eq!(
        checked(&elf(), "elf", &lab_m0()).unwrap(),
        Image { fault_handlers: vec![0x46, 0x48], loaded: vec![Span { at: 0, size: 80 }] }
    );
}

#[test]
fn files_that_are_no_firmware_are_named_for_what_they_are() {
    refused(b"", "it is empty");
    refused(b"\x7fELF", "too short");
    refused(b"hello, this is text", "it is no ELF file");
    check_wrong(4, &[2], "no 32-bit little-endian");
    check_wrong(5, &[2], "no 32-bit little-endian");
    check_wrong(18, &[62, 0], "not for Arm");
    check_wrong(16, &[1, 0], "not linked");
    check_wrong(28, &[0xff, 0xff], "damaged");
}

#[test]
fn cut_files_are_refused() {
    let file = elf();
    refused(&file[..40], "damaged");
    refused(&file[..60], "damaged");
    refused(&file[..file.len() - 1], "a part of it is missing");
}

#[test]
fn code_must_lie_where_the_board_has_memory() {
    check_wrong(52 + 12, &0x1000_0000u32.to_le_bytes(), "is loaded at 0x10000000");
    check_wrong(52 + 8, &0x3000_0000u32.to_le_bytes(), "lies at 0x30000000");
    check_wrong(
        52 + 20,
        &0xffff_f000u32.to_le_bytes(),
        "where the board has no memory (it has flash 0x00000000 to 0x00200000",
    );
}

#[test]
fn the_vector_table_must_make_sense() {
    check_wrong(52 + 12, &0x2000u32.to_le_bytes(), "no vector table at 0x00000000");
    check_wrong(84, &0u32.to_le_bytes(), "first stack pointer is 0x00000000");
    check_wrong(84, &0x2004_2004u32.to_le_bytes(), "in no RAM");
    check_wrong(88, &0x40u32.to_le_bytes(), "is even");
    check_wrong(88, &0x4001u32.to_le_bytes(), "no code was loaded");
}

/// A vector table and code for `flash`, with a second stage before them if it has one.
fn flash_content(flash: u32, with_second_stage: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    if with_second_stage {
        bytes.resize(second_stage::SIZE - 4, 0x5a);
        bytes.extend(second_stage::checksum_of(&bytes).to_le_bytes());
    }
    let code = flash + bytes.len() as u32 + 32;
    let vectors = [0x2004_2000, code + 1, code + 5, code + 9, 0, 0, 0, 0, 0xe7fe_e7fe, 0, 0];
    bytes.extend(vectors.iter().flat_map(|word: &u32| word.to_le_bytes()));
    bytes
}

#[test]
fn a_raw_image_starts_with_the_flash() {
    let bytes = flash_content(0, false);
    let image = checked(&bytes, "bin", &lab_m0()).unwrap();
    assert_eq!(image.loaded, [Span { at: 0, size: 44 }]);
    assert_eq!(image.fault_handlers, [40]);
    let (_folder, path) = written(&bytes, "img");
    let why = check(&path, &lab_m0()).unwrap_err().to_string();
    assert!(why.contains("a raw image must be called .bin"), "{why}");
}

#[test]
fn a_raw_image_that_is_larger_than_the_flash_is_refused() {
    let why = checked(&vec![0; 0x20_0001], "bin", &lab_m0()).unwrap_err().to_string();
    assert!(why.contains("as a raw image it has 2097153 bytes, and the flash 2097152"), "{why}");
}

#[test]
fn an_rp2040_begins_behind_its_second_stage() {
    let bytes = flash_content(0x1000_0000, true);
    let image = checked(&bytes, "bin", &rp2040()).unwrap();
    assert_eq!(image.fault_handlers, [0x1000_0128]);
    let mut damaged = bytes.clone();
    damaged[3] ^= 1;
    let why = checked(&damaged, "bin", &rp2040()).unwrap_err().to_string();
    assert!(why.contains("are no second stage of an RP2040"), "{why}");
    let why = checked(&bytes[..100], "bin", &rp2040()).unwrap_err().to_string();
    assert!(why.contains("nothing is at the start of the flash"), "{why}");
}

#[test]
fn a_uf2_file_is_the_same_as_the_raw_image() {
    let bytes = flash_content(0x1000_0000, true);
    let pieces = vec![Piece { address: 0x1000_0000, bytes: bytes.clone() }];
    let file = uf2::write(&FlashImage::new(pieces).unwrap(), Family::RP2040);
    let (_folder, path) = written(&file, "uf2");
    let image = flash_image(&path, &rp2040()).unwrap();
    assert_eq!(image.bytes(0x1000_0000, bytes.len()), Some(bytes.as_slice()));
    assert_eq!(check(&path, &rp2040()).unwrap().fault_handlers, [0x1000_0128]);
    let why = check(&path, &lab_m0()).unwrap_err().to_string();
    assert!(why.contains("it is a UF2 file, and this board has no boot loader for such"), "{why}");
    let why = checked(&file[..700], "uf2", &rp2040()).unwrap_err().to_string();
    assert!(why.contains("which is 188 more than 1 whole blocks of 512"), "{why}");
}

#[test]
fn of_an_elf_file_the_flash_image_has_what_is_loaded_into_flash() {
    let (_folder, path) = written(&elf(), "elf");
    let image = flash_image(&path, &lab_m0()).unwrap();
    assert_eq!(image.size(), 80);
    assert_eq!(image.bytes(0, 4), Some([0, 0x20, 4, 0x20].as_slice()));
}
