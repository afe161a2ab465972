//! Whether a file is firmware that a board could run, before it is started.
//!
//! QEMU does not ask. It takes an x86 program for raw code and aborts some 100 ms
//! later, runs a file that was cut off as if nothing were missing, and knows no
//! limits but its memory. So what is wrong is said here, with what to do.
//!
//! `replab_image` reads the three kinds of files; here their bytes are held against
//! the board's memory, and the vector table is looked at.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::Path;

use object::ReadCache;
use replab_board::{Board, Chip, MemoryKind, Region, Span};
use replab_image::elf::{self, Segment};
use replab_image::uf2::{self, Family};
use replab_image::{FlashImage, Format, Range, bin, second_stage};

use crate::MachineError;

/// The most bytes that a firmware's file may have, debug information included.
const MOST_BYTES: u64 = 256 << 20;

/// Where an RP2040's vector table stands behind the start of its flash: behind the
/// second stage (RP2040 data sheet §2.8.1.3).
const BEHIND_SECOND_STAGE: u32 = second_stage::SIZE as u32;

/// What the machine needs to know of its firmware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    /// Where the handlers of the fault exceptions begin (vectors 3 to 6), each once.
    pub(crate) fault_handlers: Vec<u32>,
    /// What QEMU fills from the file at each start.
    pub(crate) loaded: Vec<Span>,
}

impl Image {
    /// What loses its content without power, but for what the file loads there:
    /// to be painted at power-on.
    pub(crate) fn painted(&self, board: &Board) -> Vec<Span> {
        self.loaded.iter().fold(board.volatile(), |spans, loaded| {
            spans.into_iter().flat_map(|span| span.without(*loaded)).collect()
        })
    }
}

/// Checks the file at `path`.
///
/// # Errors
///
/// [`MachineError::WrongFirmware`] says what is wrong with it and what would be right.
pub(crate) fn check(path: &Path, board: &Board) -> Result<Image, MachineError> {
    examine(path, board, |segments, flash| vectors(segments, board, flash))
}

/// Checks the file at `path`, as [`check`] does, and gives what of it belongs into the
/// board's flash.
///
/// # Errors
///
/// As [`check`].
pub(super) fn flash_image(path: &Path, board: &Board) -> Result<FlashImage, MachineError> {
    examine(path, board, |segments, flash| {
        vectors(segments, board, flash)?;
        elf::flash_image(segments, flash).map_err(|overlap| {
            format!(
                "two parts of it are loaded to {:#010x} (look at the linker script)",
                overlap.address
            )
        })
    })
}

/// Reads the file at `path`, and gives what is loaded from it, and the board's flash.
fn examine<Found>(
    path: &Path,
    board: &Board,
    look: impl FnOnce(&[Segment<'_>], Range) -> Result<Found, String>,
) -> Result<Found, MachineError> {
    let looked = (|| {
        let flash = flash_of(board)?;
        let unread = |error| format!("it cannot be read: {error}");
        let (mut file, bytes) = open(path).map_err(unread)?;
        if bytes > MOST_BYTES {
            return Err(format!("it has {bytes} bytes, where {MOST_BYTES} are the most"));
        }
        match format_of(&mut file, path)? {
            Format::Elf => {
                // Of a file with debug information, only the segments are read.
                let cache = ReadCache::new(file);
                let segments = elf::segments(&cache).map_err(|error| error.to_string())?;
                for one in &segments {
                    inside(board, one.address, one.bytes.len() as u64, "is loaded at")?;
                    inside(board, one.runs_at, one.runs_in.into(), "lies at")?;
                }
                look(&segments, flash)
            }
            format => {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).map_err(unread)?;
                look(&segments_of(&image_of(format, &bytes, board, flash)?), flash)
            }
        }
    })();
    looked.map_err(|why| MachineError::WrongFirmware {
        file: path.display().to_string(),
        board: board.name.clone(),
        why,
    })
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

fn format_of(file: &mut File, path: &Path) -> Result<Format, String> {
    let mut start = Vec::new();
    let read = file.by_ref().take(16).read_to_end(&mut start).and_then(|_| file.rewind());
    read.map_err(|error| format!("it cannot be read: {error}"))?;
    let extension = path.extension().map(|name| name.to_string_lossy());
    Format::of(&start, extension.as_deref()).map_err(|error| error.to_string())
}

/// The flash that the processor begins in: the one with the lowest address.
fn flash_of(board: &Board) -> Result<Range, String> {
    let flash = board.memory.values().filter(|region| region.kind == MemoryKind::Flash);
    let lowest = flash.min_by_key(|region| region.at).ok_or("the board has no flash")?;
    Ok(Range { at: lowest.at, size: lowest.size })
}

/// Whether the board's chip is one that starts through a second stage in its flash.
fn is_rp2040(board: &Board) -> bool {
    let chip = board.backends.qemu.as_ref().and_then(|machine| machine.chip);
    matches!(chip, Some(Chip::Rp2040))
}

fn image_of(
    format: Format,
    bytes: &[u8],
    board: &Board,
    flash: Range,
) -> Result<FlashImage, String> {
    if format == Format::Bin {
        return bin::read(bytes, flash).map_err(|error| error.to_string());
    }
    // An emulator without a chip of ours takes an ELF file or a raw image only.
    if !is_rp2040(board) {
        return Err("it is a UF2 file, and this board has no boot loader for such (give the .elf or .bin of the same build)".to_owned());
    }
    uf2::read(bytes, Some(Family::RP2040), flash).map_err(|error| error.to_string())
}

/// The pieces of an image, which run where they are loaded.
fn segments_of(image: &FlashImage) -> Vec<Segment<'_>> {
    let pieces = image.pieces().iter();
    pieces
        .map(|piece| Segment {
            address: piece.address,
            bytes: &piece.bytes,
            runs_at: piece.address,
            runs_in: u32::try_from(piece.bytes.len()).expect("a flash has less than 4 GiB"),
        })
        .collect()
}

fn inside(board: &Board, address: u32, size: u64, how: &str) -> Result<(), String> {
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

fn holds(region: &Region, address: u32, size: u64) -> bool {
    let end = u64::from(address) + size;
    address >= region.at && end <= u64::from(region.at) + u64::from(region.size)
}

/// The vector table stands at the start of the flash, or behind the second stage: the
/// first stack pointer, where to begin, and where each exception goes (Armv6-M ARM §B1.5.3).
fn vectors(segments: &[Segment<'_>], board: &Board, flash: Range) -> Result<Image, String> {
    let table = if is_rp2040(board) {
        let start = segments.iter().find(|segment| segment.address == flash.at);
        second_stage::check(start.map_or(&[], |segment| segment.bytes))
            .map_err(|error| error.to_string())?;
        flash.at + BEHIND_SECOND_STAGE
    } else {
        flash.at
    };
    let word_at = |address: u32| segments.iter().find_map(|segment| word(segment, address));
    let vector = |index: u32| word_at(table + 4 * index);
    let none = format!(
        "there is no vector table at {table:#010x}, where the processor begins (look at the linker script)"
    );
    let (Some(stack), Some(entry)) = (vector(0), vector(1)) else { return Err(none) };
    let ram = |region: &&Region| region.kind == MemoryKind::Ram;
    let in_ram =
        board.memory.values().filter(ram).any(|region| {
            stack > region.at && holds(region, region.at, u64::from(stack - region.at))
        });
    if stack % 4 != 0 || !in_ram {
        return Err(format!(
            "its first stack pointer is {stack:#010x}, which is in no RAM of the board (is the vector table first in flash?)"
        ));
    }
    if entry & 1 == 0 {
        return Err(format!(
            "its reset vector {entry:#010x} is even, so no Thumb code (is the vector table first in flash?)"
        ));
    }
    if word_at(entry & !3).is_none() {
        return Err(format!("its reset vector {entry:#010x} leads where no code was loaded"));
    }
    let mut fault_handlers: Vec<_> = (3..=6)
        .filter_map(vector)
        .map(|vector| vector & !1)
        .filter(|vector| *vector != 0)
        .collect();
    fault_handlers.sort_unstable();
    fault_handlers.dedup();
    Ok(Image { fault_handlers, loaded: segments.iter().filter_map(span).collect() })
}

/// What a segment fills.
fn span(segment: &Segment<'_>) -> Option<Span> {
    let size = u32::try_from(segment.bytes.len()).ok().filter(|size| *size > 0)?;
    Some(Span { at: segment.address, size })
}

fn word(segment: &Segment<'_>, address: u32) -> Option<u32> {
    let start = usize::try_from(address.checked_sub(segment.address)?).ok()?;
    let bytes = segment.bytes.get(start..start.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().expect("four bytes were taken")))
}

#[cfg(test)]
mod tests;
