//! Linked programs in ELF files for 32-bit little-endian Arm.

use object::elf::{EM_ARM, ET_EXEC, FileHeader32, PT_LOAD};
use object::read::elf::{FileHeader as _, ProgramHeader as _};
use object::{LittleEndian, ReadRef};

use crate::{FlashImage, Overlap, Piece, Range};

/// Why a file holds no program for an Arm microcontroller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ElfError {
    /// It is shorter than the start of a header.
    #[error("it is too short for an ELF file (is it empty?)")]
    TooShort,
    /// It is of a 64-bit or big-endian computer.
    #[error(
        "it is no 32-bit little-endian ELF file (was it built for this computer, not for the board?)"
    )]
    NotFor32Bits,
    /// Its headers lead outside the file.
    #[error("its ELF headers are damaged (was the file cut off?)")]
    Damaged,
    /// It is of another processor.
    #[error("it is not for Arm (build it with arm-none-eabi-gcc or a thumb target)")]
    NotForArm,
    /// It is an object file or a library.
    #[error("it is not linked (give the linked program, not an object file or library)")]
    NotLinked,
    /// It ends before its last segment does.
    #[error("a part of it is missing (was the file cut off?)")]
    CutOff,
}

/// A part of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'data> {
    /// Where its bytes are put when the program is loaded.
    pub address: u32,
    /// What is put there.
    pub bytes: &'data [u8],
    /// Where it lies when the program runs.
    pub runs_at: u32,
    /// How many bytes it then takes, which may be more than it has.
    pub runs_in: u32,
}

/// The segments that a program is loaded from, in the file's order. Those that take no
/// memory are left out.
///
/// # Errors
///
/// [`ElfError`] if the file is no whole, linked program for a 32-bit Arm.
pub fn segments<'data>(data: impl ReadRef<'data>) -> Result<Vec<Segment<'data>>, ElfError> {
    let start = data.read_bytes_at(0, 6).map_err(|()| ElfError::TooShort)?;
    if (start[4], start[5]) != (1, 1) {
        return Err(ElfError::NotFor32Bits);
    }
    let header = FileHeader32::<LittleEndian>::parse(data).map_err(|_| ElfError::Damaged)?;
    if header.e_machine(LittleEndian) != EM_ARM {
        return Err(ElfError::NotForArm);
    }
    if header.e_type(LittleEndian) != ET_EXEC {
        return Err(ElfError::NotLinked);
    }
    let mut segments = Vec::new();
    for one in header.program_headers(LittleEndian, data).map_err(|_| ElfError::Damaged)? {
        if one.p_type(LittleEndian) == PT_LOAD && one.p_memsz(LittleEndian) > 0 {
            segments.push(Segment {
                address: one.p_paddr(LittleEndian),
                bytes: one.data(LittleEndian, data).map_err(|()| ElfError::CutOff)?,
                runs_at: one.p_vaddr(LittleEndian),
                runs_in: one.p_memsz(LittleEndian),
            });
        }
    }
    Ok(segments)
}

/// What of `segments` is loaded into `flash`.
///
/// # Errors
///
/// [`Overlap`] if two segments are loaded to the same place.
pub fn flash_image(segments: &[Segment<'_>], flash: Range) -> Result<FlashImage, Overlap> {
    let inside = segments.iter().filter(|one| flash.holds(one.address, one.bytes.len()));
    FlashImage::new(
        inside.map(|one| Piece { address: one.address, bytes: one.bytes.to_owned() }).collect(),
    )
}
