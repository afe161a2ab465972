//! The firmware's ELF file: symbols, and the places of its code.
//!
//! Whatever is missing (debug information, symbols) or broken gives less, not an
//! error: only a file that is no 32-bit little-endian ELF file is refused. Sections
//! are copied, so an image outlives the bytes that it was read from.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::Arc;

use addr2line::{Context, FrameIter};
use gimli::{
    BaseAddresses, CieOrFde, DebugFrame, Dwarf, EndianArcSlice, FrameDescriptionEntry,
    LittleEndian, Reader as _, SectionId, UnitHeader, UnwindSection as _,
};
use object::read::elf::ElfFile32;
use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};
use replab_record::CodePlace;

use crate::variables;

/// The bytes of one section.
pub(crate) type Section = EndianArcSlice<LittleEndian>;

/// Why a file is no firmware image.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// It is no ELF file, or one of another kind of processor.
    #[error("the firmware is no 32-bit little-endian ELF file")]
    NotElf(#[source] object::read::Error),
    /// Its numbers have the most significant byte first.
    #[error("the firmware is a big-endian ELF file")]
    BigEndian,
}

/// A firmware's ELF file.
pub struct Image {
    entry: u32,
    symbols: HashMap<String, u32>,
    functions: Vec<Function>,
    /// Read when first asked for: most images are read for their symbols only.
    lines: OnceCell<Option<Context<Section>>>,
    dwarf: Arc<Dwarf<Section>>,
    /// The source files of variables, by address; read when first asked for.
    variables: OnceCell<HashMap<u32, String>>,
    frames: DebugFrame<Section>,
    /// The entries of `frames`, by their first addresses; read when first asked for.
    entries: OnceCell<Vec<FrameDescriptionEntry<Section>>>,
}

/// A function's symbol.
struct Function {
    start: u32,
    /// Bytes; 0 if the file does not say (assembly).
    size: u32,
    name: String,
}

impl Image {
    /// Reads an ELF file.
    ///
    /// # Errors
    ///
    /// [`ImageError`] if it is no 32-bit little-endian ELF file at all.
    pub fn read(elf: &[u8]) -> Result<Image, ImageError> {
        let file = ElfFile32::<object::Endianness>::parse(elf).map_err(ImageError::NotElf)?;
        if !file.is_little_endian() {
            return Err(ImageError::BigEndian);
        }
        let mut symbols = HashMap::new();
        let mut functions = Vec::new();
        for symbol in file.symbols().filter(|symbol| symbol.is_definition()) {
            let (Ok(name), Ok(address)) = (symbol.name(), u32::try_from(symbol.address())) else {
                continue;
            };
            // `$t`, `$d`: mapping symbols (ELF for the Arm Architecture, §5.5.5).
            if name.is_empty() || name.starts_with('$') {
                continue;
            }
            if symbol.kind() == SymbolKind::Text {
                let size = u32::try_from(symbol.size()).unwrap_or(u32::MAX);
                let name = demangled(name);
                functions.push(Function { start: address & !1, size, name });
            }
            symbols.entry(name.to_owned()).or_insert(address);
        }
        functions.sort_by_key(|function| function.start);
        let entry = u32::try_from(file.entry()).unwrap_or(0) & !1;
        let dwarf = Dwarf::load(|id| Ok::<Section, Infallible>(section(&file, id)));
        let Ok(dwarf) = dwarf;
        Ok(Image {
            entry,
            symbols,
            functions,
            lines: OnceCell::new(),
            dwarf: Arc::new(dwarf),
            variables: OnceCell::new(),
            frames: frames(&file),
            entries: OnceCell::new(),
        })
    }

    /// The value of a symbol. That of a function has the Thumb bit (bit 0) set.
    pub fn symbol(&self, name: &str) -> Option<u32> {
        self.symbols.get(name).copied()
    }

    /// The compiler, as it calls itself in most of the units of the debug information,
    /// without its options: `GNU C99 12.2.1 20221205`.
    pub fn toolchain(&self) -> Option<String> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut units = self.dwarf.units();
        while let Ok(Some(header)) = units.next() {
            if let Some(name) = self.producer(header) {
                *counts.entry(name).or_default() += 1;
            }
        }
        let most = counts.into_iter().max_by_key(|(_, count)| *count);
        most.map(|(name, _)| name)
    }

    /// Who produced a unit (`DW_AT_producer`).
    fn producer(&self, header: UnitHeader<Section>) -> Option<String> {
        let unit = self.dwarf.unit(header).ok()?;
        let mut entries = unit.entries();
        let root = entries.next_dfs().ok()??;
        let value = root.attr_value(gimli::DW_AT_producer)?;
        let text = self.dwarf.attr_string(&unit, value).ok()?;
        let text = text.to_string_lossy().ok()?;
        let name = text.split(" -").next().unwrap_or_default().trim();
        (!name.is_empty()).then(|| name.to_owned())
    }

    /// The name of the function whose symbol `address` lies in. The Thumb bit does not matter.
    pub fn function(&self, address: u32) -> Option<&str> {
        self.function_at(address).map(|function| function.name.as_str())
    }

    /// What is known of an address of code. The Thumb bit does not matter.
    pub fn place(&self, address: u32) -> CodePlace {
        let address = address & !1;
        let mut place = CodePlace { address, ..CodePlace::default() };
        if let Some(function) = self.function_at(address) {
            place.function = Some(function.name.clone());
            place.offset = address - function.start;
        }
        if let Some(frame) = self.innermost(address) {
            if let Some(name) = frame.function.and_then(|name| Some(name.demangle().ok()?.into())) {
                place.function = Some(name);
            }
            if let Some(location) = frame.location {
                place.file = location.file.map(str::to_owned);
                place.line = location.line;
            }
        }
        place
    }

    /// The source file of the function whose code is at `address`, not of one that
    /// the compiler has put into it.
    pub(crate) fn file_of_function(&self, address: u32) -> Option<String> {
        let mut frames = self.frames_at(address)?;
        let mut outermost = None;
        while let Ok(Some(frame)) = frames.next() {
            outermost = Some(frame);
        }
        outermost?.location?.file.map(str::to_owned)
    }

    /// The source file of the variable at `address`.
    pub(crate) fn file_of_variable(&self, address: u32) -> Option<String> {
        self.variables.get_or_init(|| variables::files(&self.dwarf)).get(&address).cloned()
    }

    /// Whether `address` lies in the function that the processor starts in.
    pub(crate) fn is_entry(&self, address: u32) -> bool {
        self.function_at(address).is_some_and(|function| function.start == self.entry)
    }

    /// The first address of the function that `address` lies in.
    pub(crate) fn start(&self, address: u32) -> Option<u32> {
        self.function_at(address).map(|function| function.start)
    }

    /// Whether the file says how frames lead to those of their callers.
    pub(crate) fn has_frames(&self) -> bool {
        !self.entries().is_empty()
    }

    /// The rules by which the frame of code at `address` leads to the one of its
    /// caller, and the section that they stand in.
    pub(crate) fn frame(
        &self,
        address: u32,
    ) -> Option<(&DebugFrame<Section>, &FrameDescriptionEntry<Section>)> {
        let address = u64::from(address);
        let entries = self.entries();
        let behind = entries.partition_point(|entry| entry.initial_address() <= address);
        let entry = entries[..behind].last().filter(|entry| entry.contains(address))?;
        Some((&self.frames, entry))
    }

    fn function_at(&self, address: u32) -> Option<&Function> {
        let address = address & !1;
        let behind = self.functions.partition_point(|function| function.start <= address);
        // One without a size reaches to the next one, but not for ever.
        const LONGEST_WITHOUT_SIZE: u32 = 4096;
        self.functions[..behind].last().filter(|function| {
            let size = if function.size == 0 { LONGEST_WITHOUT_SIZE } else { function.size };
            address - function.start < size
        })
    }

    fn innermost(&self, address: u32) -> Option<addr2line::Frame<'_, Section>> {
        self.frames_at(address)?.next().ok()?
    }

    /// The function at `address`, behind those that the compiler has put into it.
    fn frames_at(&self, address: u32) -> Option<FrameIter<'_, Section>> {
        let lines = self.lines.get_or_init(|| Context::from_arc_dwarf(self.dwarf.clone()).ok());
        lines.as_ref()?.find_frames(u64::from(address)).skip_all_loads().ok()
    }

    fn entries(&self) -> &[FrameDescriptionEntry<Section>] {
        self.entries.get_or_init(|| entries(&self.frames))
    }
}

/// A C++ or Rust symbol as people write it; GCC's `.isra.0` and the like are left out.
fn demangled(name: &str) -> String {
    let name = addr2line::demangle_auto(name.into(), None);
    match name.split_once('.') {
        Some((plain, _)) if !plain.is_empty() => plain.to_owned(),
        _ => name.into_owned(),
    }
}

/// A section's bytes, or none.
fn section(file: &ElfFile32<'_>, id: SectionId) -> Section {
    let data = file.section_by_name(id.name()).and_then(|section| section.data().ok());
    EndianArcSlice::new(Arc::from(data.unwrap_or_default()), LittleEndian)
}

fn frames(file: &ElfFile32<'_>) -> DebugFrame<Section> {
    let mut frames = DebugFrame::from(section(file, SectionId::DebugFrame));
    // Version 1, which GCC writes, does not say it itself.
    frames.set_address_size(4);
    frames
}

/// All entries up to the first one that cannot be read.
fn entries(frames: &DebugFrame<Section>) -> Vec<FrameDescriptionEntry<Section>> {
    let bases = BaseAddresses::default();
    let mut found = Vec::new();
    let mut entries = frames.entries(&bases);
    while let Ok(Some(entry)) = entries.next() {
        if let CieOrFde::Fde(entry) = entry
            && let Ok(entry) = entry.parse(DebugFrame::cie_from_offset)
        {
            found.push(entry);
        }
    }
    found.sort_by_key(FrameDescriptionEntry::initial_address);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MARKS, Parts, elf};

    #[track_caller]
    fn check(parts: Parts, addresses: &[u32], expected: &[&str]) {
        let image = Image::read(&elf(parts)).unwrap();
        let places: Vec<String> =
            addresses.iter().map(|address| image.place(*address).to_string()).collect();
        assert_eq!(places, expected);
    }

    #[test]
    fn a_place_is_a_function_a_file_and_a_line() {
        check(
            Parts::All,
            &[0x41, 0x5e, 0x60, 0xa4, 0x5000],
            &[
                "middle (main.c:32)",
                "middle (main.c:32)",
                "leaf (main.c:48)",
                "interrupt (main.c:80)",
                "0x00005000",
            ],
        );
        let place = Image::read(&elf(Parts::All)).unwrap().place(0x47);
        assert_eq!(place.file.as_deref(), Some("/port/main.c"));
        assert_eq!((place.address, place.offset), (0x46, 6));
    }

    #[test]
    fn without_debug_information_a_place_is_a_symbol() {
        check(
            Parts::Symbols,
            &[0x41, 0x5e, 0x9c, 0x10e0],
            &[
                "0x00000040 (middle+0x0)",
                "0x0000005e (middle+0x1e)",
                "0x0000009c (assembly+0x1c)",
                "0x000010e0",
            ],
        );
        check(Parts::Symbols, &[MARKS], &["0x00000100"]);
    }

    #[test]
    fn without_symbols_a_place_is_an_address() {
        check(Parts::Code, &[0x41], &["0x00000040"]);
    }

    #[test]
    fn an_image_can_go_to_another_thread() {
        let image = Image::read(&elf(Parts::All)).unwrap();
        let place = std::thread::spawn(move || image.place(0x41)).join().unwrap();
        assert_eq!(place.line, Some(32));
    }

    #[test]
    fn symbols_are_found_by_name() {
        let image = Image::read(&elf(Parts::Symbols)).unwrap();
        assert_eq!(image.symbol("replab_marks"), Some(MARKS));
        assert_eq!(image.symbol("middle"), Some(0x41));
        assert_eq!(image.symbol("nobody"), None);
    }

    #[test]
    fn what_is_no_firmware_is_an_error() {
        for bytes in [b"".as_slice(), b"no firmware", b"\x7fELF"] {
            assert!(matches!(Image::read(bytes), Err(ImageError::NotElf(_))));
        }
        let mut big = elf(Parts::Code);
        // EI_DATA: ELFDATA2MSB.
        big[5] = 2;
        assert!(Image::read(&big).is_err());
    }
}
