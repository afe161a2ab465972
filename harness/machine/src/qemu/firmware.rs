//! Whether a file is firmware that a board could run, before it is started.
//!
//! QEMU does not ask. It takes an x86 program for raw code and aborts some 100 ms
//! later, runs a file that was cut off as if nothing were missing, and knows no
//! limits but its memory. So what is wrong is said here, with what to do.

use std::fs::File;
use std::io;
use std::path::Path;

use object::elf::{EM_ARM, ET_EXEC, FileHeader32, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{LittleEndian, ReadCache, ReadRef};
use replab_board::{Board, MemoryKind, Region, Span};

use crate::MachineError;

/// The most bytes that a firmware's file may have, debug information included.
const MOST_BYTES: u64 = 256 << 20;

/// What the machine needs to know of its firmware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Image {
    /// Where the handlers of the fault exceptions begin (vectors 3 to 6), each once.
    pub(super) fault_handlers: Vec<u32>,
    /// What QEMU fills from the file at each start.
    pub(super) loaded: Vec<Span>,
}

impl Image {
    /// What loses its content without power, but for what the file loads there:
    /// to be painted at power-on.
    pub(super) fn painted(&self, board: &Board) -> Vec<Span> {
        self.loaded.iter().fold(board.volatile(), |spans, loaded| {
            spans.into_iter().flat_map(|span| span.without(*loaded)).collect()
        })
    }
}

/// A part of the file that is loaded into memory.
struct Segment<'data> {
    address: u32,
    bytes: &'data [u8],
}

/// Checks the file at `path`.
///
/// # Errors
///
/// [`MachineError::WrongFirmware`] says what is wrong with it and what would be right.
pub(super) fn check(path: &Path, board: &Board) -> Result<Image, MachineError> {
    let wrong = |why| MachineError::WrongFirmware {
        file: path.display().to_string(),
        board: board.name.clone(),
        why,
    };
    let (file, bytes) = open(path).map_err(|error| wrong(format!("it cannot be read: {error}")))?;
    if bytes > MOST_BYTES {
        return Err(wrong(format!("it has {bytes} bytes, where {MOST_BYTES} are the most")));
    }
    check_elf(&ReadCache::new(file), board).map_err(wrong)
}

/// The file, and how long it is.
fn open(path: &Path) -> io::Result<(File, u64)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    Ok((file, metadata.len()))
}

fn check_elf<'data>(data: impl ReadRef<'data>, board: &Board) -> Result<Image, String> {
    let start = data
        .read_bytes_at(0, 6)
        .map_err(|()| "it is too short for an ELF file (is it empty?)".to_owned())?;
    if start[..4] != *b"\x7fELF" {
        return Err(
            "it is no ELF file (give the .elf that the linker wrote, not a .bin, .hex or .uf2)"
                .to_owned(),
        );
    }
    if (start[4], start[5]) != (1, 1) {
        return Err("it is no 32-bit little-endian ELF file (was it built for this computer, not for the board?)".to_owned());
    }
    let cut = "its ELF headers are damaged (was the file cut off?)";
    let header = FileHeader32::<LittleEndian>::parse(data).map_err(|_| cut.to_owned())?;
    if header.e_machine(LittleEndian) != EM_ARM {
        return Err(
            "it is not for Arm (build it with arm-none-eabi-gcc or a thumb target)".to_owned()
        );
    }
    if header.e_type(LittleEndian) != ET_EXEC {
        return Err(
            "it is not linked (give the linked program, not an object file or library)".to_owned()
        );
    }
    let mut segments = Vec::new();
    for one in header.program_headers(LittleEndian, data).map_err(|_| cut.to_owned())? {
        if one.p_type(LittleEndian) == PT_LOAD && one.p_memsz(LittleEndian) > 0 {
            let bytes = one
                .data(LittleEndian, data)
                .map_err(|()| "a part of it is missing (was the file cut off?)".to_owned())?;
            let (loaded, runs) = (one.p_paddr(LittleEndian), one.p_vaddr(LittleEndian));
            inside(board, loaded, one.p_filesz(LittleEndian), "is loaded at")?;
            inside(board, runs, one.p_memsz(LittleEndian), "lies at")?;
            segments.push(Segment { address: loaded, bytes });
        }
    }
    vectors(&segments, board)
}

fn inside(board: &Board, address: u32, size: u32, how: &str) -> Result<(), String> {
    if size == 0 || board.memory.values().any(|region| holds(region, address, size)) {
        return Ok(());
    }
    let memory: Vec<_> = board
        .memory
        .iter()
        .map(|(name, region)| {
            format!(
                "{name} {:#010x} to {:#010x}",
                region.at,
                u64::from(region.at) + u64::from(region.size)
            )
        })
        .collect();
    Err(format!(
        "{size} bytes of it {how} {address:#010x}, where the board has no memory (it has {}; look at the linker script)",
        memory.join(", ")
    ))
}

fn holds(region: &Region, address: u32, size: u32) -> bool {
    let end = u64::from(address) + u64::from(size);
    address >= region.at && end <= u64::from(region.at) + u64::from(region.size)
}

/// The vector table stands at the start of the flash: the first stack pointer,
/// where to begin, and where each exception goes (Armv6-M ARM §B1.5.3).
fn vectors(segments: &[Segment<'_>], board: &Board) -> Result<Image, String> {
    let flash = board
        .memory
        .values()
        .filter(|region| region.kind == MemoryKind::Flash)
        .map(|region| region.at)
        .min();
    let table = flash.ok_or("the board has no flash")?;
    let word = |index: u32| segments.iter().find_map(|segment| segment.word(table + 4 * index));
    let none = format!(
        "there is no vector table at {table:#010x}, where the processor begins (look at the linker script)"
    );
    let (Some(stack), Some(entry)) = (word(0), word(1)) else { return Err(none) };
    let ram = |region: &&Region| region.kind == MemoryKind::Ram;
    if stack % 4 != 0
        || !board
            .memory
            .values()
            .filter(ram)
            .any(|region| stack > region.at && holds(region, region.at, stack - region.at))
    {
        return Err(format!(
            "its first stack pointer is {stack:#010x}, which is in no RAM of the board (is the vector table first in flash?)"
        ));
    }
    if entry & 1 == 0 {
        return Err(format!(
            "its reset vector {entry:#010x} is even, so no Thumb code (is the vector table first in flash?)"
        ));
    }
    if !segments.iter().any(|segment| segment.word(entry & !3).is_some()) {
        return Err(format!("its reset vector {entry:#010x} leads where no code was loaded"));
    }
    let mut fault_handlers: Vec<_> =
        (3..=6).filter_map(word).map(|vector| vector & !1).filter(|vector| *vector != 0).collect();
    fault_handlers.sort_unstable();
    fault_handlers.dedup();
    let loaded = segments.iter().filter_map(Segment::span).collect();
    Ok(Image { fault_handlers, loaded })
}

impl Segment<'_> {
    fn span(&self) -> Option<Span> {
        let size = u32::try_from(self.bytes.len()).ok().filter(|size| *size > 0)?;
        Some(Span { at: self.address, size })
    }

    fn word(&self, address: u32) -> Option<u32> {
        let start = usize::try_from(address.checked_sub(self.address)?).ok()?;
        let bytes = self.bytes.get(start..start.checked_add(4)?)?;
        Some(u32::from_le_bytes(bytes.try_into().expect("four bytes were taken")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAB_M0: &str = include_str!("../../../../boards/lab-m0.yaml");

    /// A right file: one segment at 0 with a vector table and code behind it.
    fn elf() -> Vec<u8> {
        let mut file = vec![0; 52 + 32];
        file[..7].copy_from_slice(b"\x7fELF\x01\x01\x01");
        let mut half =
            |at: usize, value: u16| file[at..at + 2].copy_from_slice(&value.to_le_bytes());
        half(16, 2); // ET_EXEC
        half(18, 40); // EM_ARM
        half(40, 52); // size of the header
        half(42, 32); // size of a program header
        half(44, 1); // how many
        let mut word =
            |at: usize, value: u32| file[at..at + 4].copy_from_slice(&value.to_le_bytes());
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
        let board = replab_board::load("lab-m0.yaml", LAB_M0).unwrap();
        let why = check_elf(file, &board).expect_err("the file is wrong");
        assert!(why.contains(expected), "{why}");
    }

    #[test]
    fn a_right_file_gives_its_fault_handlers() {
        let board = replab_board::load("lab-m0.yaml", LAB_M0).unwrap();
        assert_eq!(
            check_elf(elf().as_slice(), &board),
            Ok(Image { fault_handlers: vec![0x46, 0x48], loaded: vec![Span { at: 0, size: 80 }] })
        );
    }

    #[test]
    fn files_that_are_no_firmware_are_named_for_what_they_are() {
        refused(b"", "is it empty?");
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
}
