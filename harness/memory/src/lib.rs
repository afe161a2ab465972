//! What a firmware's file and a stopped machine's memory say.
//!
//! An [`Image`] is the firmware's ELF file: it knows functions, files and lines.
//! With it and the registers of a stopped machine, [`call_chain`] says who called
//! whom, and [`diagnose`] what a fault was. A firmware's [`Marks`] say where its
//! stack and heap are, and [`stack_figures`] and [`heap_figures`] how full. A
//! [`Footprint`] is what the file takes of flash and RAM before it runs; a [`Sample`]
//! is the figures of one moment; and [`judge`] says whether they keep to a budget.
//!
//! Pure: bytes in, figures out. Memory comes through a [`Read`] that the caller
//! gives. Nothing here trusts what it reads: firmware may be wrong or hostile.

mod budget;
mod chain;
mod decode;
mod fault;
mod figures;
mod footprint;
mod image;
mod marks;
mod memory_map;
mod sample;
mod status;
#[cfg(test)]
mod testing;
mod variables;

pub use budget::{Judgement, Known, Unknown, judge};
pub use chain::{DEEPEST, call_chain};
pub use fault::{Diagnosis, FaultEntry, FaultKind, diagnose};
pub use figures::{HeapFigures, StackFigures, heap_figures, stack_figures};
pub use footprint::{
    Footprint, FootprintError, LARGEST_FILE, LargeSymbol, Part, RegionUse, Role, Section,
    SectionKind, Sums, Symbol, Totals, check_size,
};
pub use image::{Image, ImageError};
pub use marks::{HeapMarks, Marks, MarksError};
pub use sample::{Change, HeapChange, Sample, sample_text};
pub use status::FaultStatus;

/// Reads memory of a stopped machine: so many bytes from an address on, or `None`
/// if not all of them are memory.
pub type Read<'a> = &'a mut dyn FnMut(u32, usize) -> Option<Vec<u8>>;

/// The little-endian word at `address`.
fn word(read: Read<'_>, address: u32) -> Option<u32> {
    let bytes = read(address, 4)?;
    Some(u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?))
}
