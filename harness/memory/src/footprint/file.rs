//! Makes sure that a file is what can be measured.

use object::LittleEndian;
use object::elf;
use object::read::elf::{ElfFile32, FileHeader as _, ProgramHeader as _, SectionHeader as _};

use crate::FootprintError;

/// A file that has passed [`open`].
pub(crate) type File<'a> = ElfFile32<'a, LittleEndian>;

/// Bytes of the ELF header, of a section header and of a program header (ELF for
/// the Arm Architecture §5; System V ABI, "ELF Header").
const HEADER: u64 = 52;
const SECTION_HEADER: u64 = 40;
const PROGRAM_HEADER: u64 = 32;

/// Reads the headers of a 32-bit Arm ELF file all of whose bytes are there.
///
/// # Errors
///
/// [`FootprintError`] for anything else.
pub(crate) fn open(bytes: &[u8]) -> Result<File<'_>, FootprintError> {
    check_start(bytes)?;
    let length = bytes.len() as u64;
    let tables = HEADER.max(end_of_tables(bytes));
    if tables > length {
        return Err(FootprintError::Truncated { bytes: length, needed: tables });
    }
    let file = File::parse(bytes).map_err(FootprintError::Damaged)?;
    if file.elf_section_table().is_empty() {
        return Err(FootprintError::NoSections);
    }
    let needed = end_of_content(&file);
    if needed > length {
        return Err(FootprintError::Truncated { bytes: length, needed });
    }
    Ok(file)
}

/// The identification and the processor: what is told of a file even if the rest is missing.
fn check_start(bytes: &[u8]) -> Result<(), FootprintError> {
    if bytes.is_empty() {
        return Err(FootprintError::Empty);
    }
    let magic = &elf::ELFMAG[..bytes.len().min(4)];
    if !bytes.starts_with(magic) {
        return Err(FootprintError::NotElf { advice: advice(bytes) });
    }
    let truncated = || FootprintError::Truncated { bytes: bytes.len() as u64, needed: HEADER };
    let (class, data) = (bytes.get(4).ok_or_else(truncated)?, bytes.get(5).ok_or_else(truncated)?);
    let is_big = *data == 2;
    let pair: [u8; 2] =
        bytes.get(18..20).and_then(|pair| pair.try_into().ok()).ok_or_else(truncated)?;
    let machine = if is_big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
    match (class, elf::Machine(machine)) {
        (2, machine) => Err(FootprintError::Not32Bit { processor: processor(machine) }),
        (1, elf::EM_ARM) if is_big => Err(FootprintError::BigEndian),
        (1, elf::EM_ARM) => Ok(()),
        (1, machine) => Err(FootprintError::NotArm { processor: processor(machine) }),
        _ => Err(FootprintError::NotElf { advice: None }),
    }
}

/// What a file of another kind begins with, and what to do about it.
fn advice(bytes: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 5] = [
        (b"UF2\n", "it is a UF2 file: use the ELF file that it was made from"),
        (b":", "it may be an Intel HEX file: use the ELF file that it was made from"),
        (b"!<arch>\n", "it is a library: use the program that it was linked into"),
        (b"MZ", "it is a program for Windows"),
        (b"#!", "it is a script"),
    ];
    KINDS.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, advice)| *advice)
}

/// The processors that people meet; others by their number.
fn processor(machine: elf::Machine) -> String {
    let name = match machine {
        elf::EM_386 => "x86",
        elf::EM_X86_64 => "x86-64",
        elf::EM_AARCH64 => "AArch64",
        elf::EM_RISCV => "RISC-V",
        elf::EM_XTENSA => "Xtensa",
        elf::EM_AVR => "AVR",
        elf::EM_MIPS => "MIPS",
        elf::EM_PPC => "PowerPC",
        elf::EM_ARM => "Arm",
        elf::Machine(number) => return format!("processor number {number}"),
    };
    name.to_owned()
}

/// Where the tables of headers end, by the ELF header alone.
fn end_of_tables(bytes: &[u8]) -> u64 {
    let word = |at: usize| {
        bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_le_bytes)
    };
    let half = |at: usize| {
        bytes.get(at..at + 2).and_then(|half| half.try_into().ok()).map_or(0, u16::from_le_bytes)
    };
    let table = |start: u32, count: u16, size: u64| match start {
        0 => 0,
        start => u64::from(start) + u64::from(count) * size,
    };
    // e_phoff and e_phnum, e_shoff and e_shnum.
    table(word(28), half(44), PROGRAM_HEADER).max(table(word(32), half(48), SECTION_HEADER))
}

/// Where the last part of the file ends that a header speaks of.
fn end_of_content(file: &File<'_>) -> u64 {
    let sections = file.elf_section_table().iter();
    let sections = sections.filter_map(|section| section.file_range(LittleEndian));
    let segments = file.elf_program_headers().iter();
    let segments = segments.map(|segment| segment.file_range(LittleEndian));
    sections.chain(segments).map(|(start, size)| start + size).max().unwrap_or(0)
}

/// Whether a linker has given everything its address.
pub(crate) fn is_linked(file: &File<'_>) -> bool {
    file.elf_header().e_type(LittleEndian) != elf::ET_REL
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Parts, Piece, elf, linked};

    /// What `open` says of a file.
    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        let said = open(bytes).map_or_else(|error| error.to_string(), |_| "right".to_owned());
        assert_eq!(said, expected);
    }

    /// A file whose header is changed at `at`.
    fn changed(at: usize, to: &[u8]) -> Vec<u8> {
        let mut bytes = elf(Parts::Code);
        bytes[at..at + to.len()].copy_from_slice(to);
        bytes
    }

    #[test]
    fn an_arm_file_is_right() {
        check(&elf(Parts::All), "right");
    }

    #[test]
    fn what_is_no_elf_file_says_what_it_may_be() {
        check(b"", "the file is empty");
        check(b"hello", "the file is no ELF file");
        check(
            b"UF2\nWQ]\x9e",
            "the file is no ELF file (it is a UF2 file: use the ELF file that it was made from)",
        );
        check(
            b":020000",
            "the file is no ELF file (it may be an Intel HEX file: use the ELF file that it was made from)",
        );
        check(
            b"!<arch>\n",
            "the file is no ELF file (it is a library: use the program that it was linked into)",
        );
        check(&changed(4, &[7]), "the file is no ELF file");
    }

    #[test]
    fn programs_for_other_processors_are_named() {
        check(&changed(18, &[3, 0]), "the program is for x86 (it must be for a 32-bit Arm)");
        check(&changed(18, &[243, 0]), "the program is for RISC-V (it must be for a 32-bit Arm)");
        check(
            &changed(18, &[0x34, 0x12]),
            "the program is for processor number 4660 (it must be for a 32-bit Arm)",
        );
        let mut wide = changed(18, &[62, 0]);
        wide[4] = 2;
        check(&wide, "the program is a 64-bit one, for x86-64 (it must be for a 32-bit Arm)");
        let mut big = changed(18, &[0, 40]);
        big[5] = 2;
        check(&big, "the program is big-endian (Cortex-M code is little-endian)");
    }

    #[test]
    fn every_cut_is_seen() {
        let whole = elf(Parts::Symbols);
        for length in 1..whole.len() {
            let error = open(&whole[..length]).map(|_| ()).unwrap_err();
            let FootprintError::Truncated { bytes, needed } = error else {
                panic!("{length}: {error}")
            };
            assert!(bytes == length as u64 && needed > bytes, "{length}: {error}");
        }
    }

    #[test]
    fn content_that_is_not_there_is_a_cut() {
        let piece = Piece { name: ".text", flags: "ax", at: 0, load_at: Some(0), size: 64 };
        let mut bytes = linked(&[piece], &[]);
        // p_offset of the one program header.
        bytes[56..60].copy_from_slice(&[0, 0x10, 0, 0]);
        let (length, needed) = (bytes.len(), 0x1000 + 64);
        check(
            &bytes,
            &format!(
                "the file is cut short: it has {length} bytes, and its own headers say at least {needed}"
            ),
        );
    }

    #[test]
    fn a_file_without_section_headers_says_so() {
        // e_shoff; e_shnum and e_shstrndx.
        let mut bytes = changed(32, &[0; 4]);
        bytes[48..52].fill(0);
        check(
            &bytes,
            "the ELF file has no section headers (link it anew: they tell what is where)",
        );
    }

    #[test]
    fn headers_that_make_no_sense_are_damage() {
        // e_shentsize.
        check(&changed(46, &[41, 0]), "the ELF file is damaged");
    }
}
