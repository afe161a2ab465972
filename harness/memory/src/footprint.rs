//! What a program takes of a board's memory before it runs: its footprint.
//!
//! The idea: a section takes memory where it is while the program runs, and once
//! more where its content is loaded, if that is elsewhere: variables are in RAM,
//! and their first values in flash. Sections are counted, not segments, because a
//! segment also holds headers and gaps. Stack and heap come only when the program
//! runs; of them a file says at most how much the stack may have.

mod error;
mod file;
mod region;
mod section;
mod symbol;

use replab_board::{Board, MemoryKind, Span};

use crate::{Image, Marks};

pub use error::{FootprintError, LARGEST_FILE};
pub use region::{Part, RegionUse, Role};
pub use section::{Section, SectionKind};
pub use symbol::{LargeSymbol, Symbol};

/// What a program takes.
pub struct Footprint {
    /// The sections in memory, by address.
    pub sections: Vec<Section>,
    /// Functions and variables, the largest first; of equal ones that with the lower
    /// address. Assembly often has no sizes, and is not among them.
    pub symbols: Vec<Symbol>,
    /// Where the stack may grow, if the firmware has marks.
    pub stack: Option<Span>,
    /// Whether the firmware's marks tell of a heap.
    pub has_heap: bool,
    is_linked: bool,
    image: Option<Image>,
}

/// The sums of `arm-none-eabi-size`, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Code and constants.
    pub text: u64,
    /// Variables with first values.
    pub data: u64,
    /// Variables without.
    pub bss: u64,
}

/// What files take of all memories of a kind, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Of flash.
    pub flash: u64,
    /// Of RAM.
    pub ram: u64,
}

impl Footprint {
    /// Reads an ELF file for a 32-bit Arm, linked or not.
    ///
    /// # Errors
    ///
    /// [`FootprintError`] if it is none, or if something is missing in it. Debug
    /// information and symbols may be missing or wrong; then less is known.
    pub fn read(elf: &[u8]) -> Result<Footprint, FootprintError> {
        check_size(elf.len() as u64)?;
        let file = file::open(elf)?;
        let sections = section::sections(&file)?;
        let image = Image::read(elf).ok();
        let marks = image.as_ref().and_then(|image| marks(image, &file));
        Ok(Footprint {
            sections,
            symbols: symbol::symbols(&file),
            stack: marks.map(|it| Span { at: it.stack_low, size: it.stack_high - it.stack_low }),
            has_heap: marks.is_some_and(|marks| marks.heap.is_some()),
            is_linked: file::is_linked(&file),
            image,
        })
    }

    /// The sums of the sections by their kinds.
    pub fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        for section in &self.sections {
            let sum = match section.kind {
                SectionKind::Code | SectionKind::Constants => &mut sums.text,
                SectionKind::Data => &mut sums.data,
                SectionKind::Reserved => &mut sums.bss,
            };
            *sum += u64::from(section.size);
        }
        sums
    }

    /// Memories as the program headers tell them: what is copied or has no content is
    /// RAM. How large they are is not known.
    pub fn regions(&self) -> Vec<RegionUse> {
        region::told_by_file(self)
    }

    /// The memories of `board`, in the order of their addresses.
    ///
    /// # Errors
    ///
    /// [`FootprintError::Homeless`] if a section lies in none of them, or reaches out
    /// of one; [`FootprintError::NotLinked`] for an object file.
    pub fn regions_of(&self, board: &Board) -> Result<Vec<RegionUse>, FootprintError> {
        region::told_by_board(self, board)
    }

    /// The `count` largest symbols with their source files. Of a function that is the
    /// one that it was written in, also where its code begins with a function that the
    /// compiler has put into it.
    pub fn largest(&self, count: usize) -> Vec<LargeSymbol> {
        let symbols = self.symbols.iter().take(count).cloned();
        symbols.map(|symbol| LargeSymbol { file: self.file_of(&symbol), symbol }).collect()
    }

    fn file_of(&self, symbol: &Symbol) -> Option<String> {
        let image = self.image.as_ref().filter(|_| self.is_linked)?;
        if symbol.is_function {
            image.file_of_function(symbol.at)
        } else {
            image.file_of_variable(symbol.at)
        }
    }
}

impl Totals {
    /// What files take of `regions`.
    pub fn of(regions: &[RegionUse]) -> Totals {
        let sum = |kind: MemoryKind| {
            regions.iter().filter(|region| region.kind == kind).map(RegionUse::used).sum()
        };
        Totals { flash: sum(MemoryKind::Flash), ram: sum(MemoryKind::Ram) }
    }
}

/// Whether a file of so many bytes is read at all: ask before reading it.
///
/// # Errors
///
/// [`FootprintError::TooLarge`] beyond [`LARGEST_FILE`].
pub fn check_size(bytes: u64) -> Result<(), FootprintError> {
    if bytes > LARGEST_FILE { Err(FootprintError::TooLarge { bytes }) } else { Ok(()) }
}

/// The firmware's marks, which are constants, from the file's own content.
fn marks(image: &Image, file: &file::File<'_>) -> Option<Marks> {
    Marks::find(image, &mut |address, length| section::content(file, address, length)).ok()
}

#[cfg(test)]
mod tests;
