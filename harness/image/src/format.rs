//! What kind of file firmware is in.

use std::fmt;

use crate::uf2;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An ELF file, as a linker writes it.
    Elf,
    /// Blocks for a USB boot loader.
    Uf2,
    /// Nothing but the bytes of the flash.
    Bin,
}

/// Why a file is of no kind that is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownFormat {
    /// It has no bytes.
    #[error("it is empty")]
    Empty,
    /// Intel HEX or Motorola S-records: text.
    #[error(
        "it is {0}, which the lab does not read (give the .elf, .uf2 or .bin of the same build)"
    )]
    Text(&'static str),
    /// Something else.
    #[error(
        "it is no ELF file and no UF2 file (give the .elf that the linker wrote, or a .uf2; a raw image must be called .bin)"
    )]
    Unknown,
}

impl Format {
    /// The kind of a file that begins with `start` (16 bytes are enough). Only a raw
    /// image, which may begin with anything, is known by its name: `extension` is
    /// what stands behind the last dot.
    ///
    /// # Errors
    ///
    /// [`UnknownFormat`] says what it seems to be, and what to give instead.
    pub fn of(start: &[u8], extension: Option<&str>) -> Result<Format, UnknownFormat> {
        if start.is_empty() {
            return Err(UnknownFormat::Empty);
        }
        if start.starts_with(b"\x7fELF") {
            return Ok(Format::Elf);
        }
        if start.starts_with(&uf2::MAGIC_START_0.to_le_bytes()) {
            return Ok(Format::Uf2);
        }
        if extension.is_some_and(|name| name.eq_ignore_ascii_case("bin")) {
            return Ok(Format::Bin);
        }
        let text = start.len() >= 3 && start.iter().all(u8::is_ascii_graphic);
        match (start[0], start.get(1)) {
            (b':', Some(digit)) if text && digit.is_ascii_hexdigit() => {
                Err(UnknownFormat::Text("an Intel HEX file"))
            }
            (b'S', Some(digit)) if text && digit.is_ascii_digit() => {
                Err(UnknownFormat::Text("a file of S-records"))
            }
            _ => Err(UnknownFormat::Unknown),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Format::Elf => "ELF file",
            Format::Uf2 => "UF2 file",
            Format::Bin => "raw image",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(start: &[u8], extension: Option<&str>, expected: &str) {
        let found = match Format::of(start, extension) {
            Ok(format) => format.to_string(),
            Err(error) => error.to_string(),
        };
        assert!(found.contains(expected), "{found}");
    }

    #[test]
    fn the_first_bytes_decide_and_not_the_name() {
        check(b"\x7fELF\x01\x01", Some("bin"), "ELF file");
        check(b"UF2\n\x57\x51\x5d\x9e", Some("elf"), "UF2 file");
    }

    #[test]
    fn a_raw_image_is_known_by_its_name_alone() {
        check(b"\x00\x20\x04\x20", Some("BIN"), "raw image");
        check(b"\x00\x20\x04\x20", Some("img"), "must be called .bin");
        check(b"\x00\x20\x04\x20", None, "no ELF file and no UF2 file");
    }

    #[test]
    fn other_files_are_named_for_what_they_are() {
        check(b"", Some("bin"), "it is empty");
        check(b":020000040000FA", Some("hex"), "an Intel HEX file");
        check(b"S00F000068656C6", Some("srec"), "a file of S-records");
        check(b"hello, this is text", Some("txt"), "no ELF file");
    }
}
