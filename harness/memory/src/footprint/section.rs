//! What the sections of a file take.

use object::LittleEndian;
use object::elf;
use object::read::elf::{ProgramHeader as _, SectionHeader as _};

use crate::FootprintError;
use crate::footprint::file::{File, is_linked};

/// A part of the program that has a place in memory; not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name: `.text`.
    pub name: String,
    /// The address that it has while the program runs.
    pub at: u32,
    /// Bytes.
    pub size: u32,
    /// Where its content is loaded: the same as `at`, or where the start-up code
    /// copies it from. `None` if the file holds no content for it.
    pub load_at: Option<u32>,
    /// What it holds.
    pub kind: SectionKind,
    /// Whether the memory at `at` is RAM, by the program headers alone.
    pub is_ram: bool,
}

/// What a section holds. The sums of `size` (binutils, `size.c`, Berkeley format) are
/// `text` for code and constants, `data`, and `bss` for what is reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionKind {
    /// Instructions.
    Code,
    /// What is only read.
    Constants,
    /// Variables whose first values are in the file.
    Data,
    /// Variables for which the file only reserves memory: they start at zero, or
    /// keep what is there.
    Reserved,
}

/// The sections of `file` that are in memory, by address.
pub(crate) fn sections(file: &File<'_>) -> Result<Vec<Section>, FootprintError> {
    let table = file.elf_section_table();
    let mut sections = Vec::new();
    for section in table.iter() {
        let (at, size) = (section.sh_addr(LittleEndian), section.sh_size(LittleEndian));
        if size == 0 || !section.sh_flags(LittleEndian).contains(elf::SHF_ALLOC) {
            continue;
        }
        let name = table.section_name(LittleEndian, section).map_err(FootprintError::Damaged)?;
        let kind = kind(section);
        let has_content = section.sh_type(LittleEndian) != elf::SHT_NOBITS;
        let segment = segment(file, section);
        let load_at = segment.map_or(at, |segment| {
            let loaded = segment.p_paddr(LittleEndian);
            loaded.wrapping_add(at.wrapping_sub(segment.p_vaddr(LittleEndian)))
        });
        let is_ram = match segment {
            Some(segment) => is_ram(segment),
            None => matches!(kind, SectionKind::Data | SectionKind::Reserved),
        };
        sections.push(Section {
            name: String::from_utf8_lossy(name).into_owned(),
            at,
            size,
            load_at: has_content.then_some(load_at),
            kind,
            is_ram,
        });
    }
    // An object file has all its sections at 0, in the order of the linker's input.
    if is_linked(file) {
        sections.sort_by_key(|section| section.at);
    }
    Ok(sections)
}

type SectionHeader = elf::SectionHeader32<LittleEndian>;
type ProgramHeader = elf::ProgramHeader32<LittleEndian>;

fn kind(section: &SectionHeader) -> SectionKind {
    let flags = section.sh_flags(LittleEndian);
    if flags.contains(elf::SHF_EXECINSTR) {
        SectionKind::Code
    } else if !flags.contains(elf::SHF_WRITE) {
        SectionKind::Constants
    } else if section.sh_type(LittleEndian) == elf::SHT_NOBITS {
        SectionKind::Reserved
    } else {
        SectionKind::Data
    }
}

/// The segment that `section` is loaded or reserved with.
fn segment<'a>(file: &File<'a>, section: &SectionHeader) -> Option<&'a ProgramHeader> {
    let within = |start: u32, length: u32, part: u32, size: u32| {
        part >= start && u64::from(part) + u64::from(size) <= u64::from(start) + u64::from(length)
    };
    file.elf_program_headers().iter().find(|segment| {
        let in_memory = within(
            segment.p_vaddr(LittleEndian),
            segment.p_memsz(LittleEndian),
            section.sh_addr(LittleEndian),
            section.sh_size(LittleEndian),
        );
        // Overlays share addresses; their places in the file tell them apart.
        let in_file = section.sh_type(LittleEndian) == elf::SHT_NOBITS
            || within(
                segment.p_offset(LittleEndian),
                segment.p_filesz(LittleEndian),
                section.sh_offset(LittleEndian),
                section.sh_size(LittleEndian),
            );
        segment.p_type(LittleEndian) == elf::PT_LOAD && in_memory && in_file
    })
}

/// Whether a segment is in RAM while the program runs. Certain where it is copied
/// there, or where some of it has no content; else by the address: SRAM is at
/// 0x20000000 to 0x3fffffff (Armv6-M ARM §B3.1), code below it, and above it memory
/// is external, where what is written is RAM.
fn is_ram(segment: &ProgramHeader) -> bool {
    let at = segment.p_vaddr(LittleEndian);
    let is_copied = segment.p_paddr(LittleEndian) != at;
    let is_reserved = segment.p_memsz(LittleEndian) > segment.p_filesz(LittleEndian);
    let is_written = segment.p_flags(LittleEndian).contains(elf::PF_W);
    is_copied || is_reserved || (at >> 29) == 1 || (at >> 30 != 0 && is_written)
}

/// So many bytes of what is in memory at `address` before the program runs.
pub(crate) fn content(file: &File<'_>, address: u32, length: usize) -> Option<Vec<u8>> {
    file.elf_section_table().iter().find_map(|section| {
        if !section.sh_flags(LittleEndian).contains(elf::SHF_ALLOC) {
            return None;
        }
        let start = usize::try_from(address.checked_sub(section.sh_addr(LittleEndian))?).ok()?;
        let bytes = section.data(LittleEndian, file.data()).ok()?;
        Some(bytes.get(start..start.checked_add(length)?)?.to_vec())
    })
}
