//! Firmware of a few instructions, for what no compiler writes.

use std::path::{Path, PathBuf};

/// Where the code begins: behind 16 vectors.
pub(crate) const CODE: u32 = 0x40;

/// Writes firmware for lab-m0 into `folder`: it begins with `code`, and its fault
/// exception goes to `handler`.
pub(crate) fn firmware(folder: &Path, code: &[u16], handler: u32) -> PathBuf {
    let path = folder.join("tiny.elf");
    std::fs::write(&path, elf(code, handler)).expect("the folder is there");
    path
}

/// An ELF file (System V ABI, chapter 4) with one segment at address 0.
fn elf(code: &[u16], handler: u32) -> Vec<u8> {
    const STACK: u32 = 0x2004_2000;
    let mut vectors = [0u32; 16];
    (vectors[0], vectors[1], vectors[3]) = (STACK, CODE | 1, handler);
    let mut image: Vec<u8> = vectors.iter().flat_map(|vector| vector.to_le_bytes()).collect();
    image.extend(code.iter().flat_map(|half| half.to_le_bytes()));
    image.resize(image.len().next_multiple_of(4) + 16, 0);
    let size = u32::try_from(image.len()).expect("it is tiny");
    let mut file = b"\x7fELF\x01\x01\x01".to_vec();
    file.resize(16, 0);
    let halves = |halves: &[u16]| halves.iter().flat_map(|half| half.to_le_bytes()).collect();
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let parts: [Vec<u8>; 4] = [
        halves(&[2, 40]),                        // ET_EXEC, EM_ARM
        words(&[1, CODE | 1, 52, 0, 0]),         // version, entry, program headers, sections, flags
        halves(&[52, 32, 1, 40, 0, 0]),          // sizes and counts of headers
        words(&[1, 84, 0, 0, size, size, 5, 4]), // PT_LOAD
    ];
    file.extend(parts.concat());
    file.extend(image);
    file
}
