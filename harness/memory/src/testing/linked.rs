//! A linked ELF file, byte by byte (System V ABI, "Object Files"): what `object` does
//! not write.

/// A section that is in memory, in a segment of its own.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) name: &'static str,
    /// Letters as in an assembler's `.section`: `a` in memory, `w` written, `x` run.
    pub(crate) flags: &'static str,
    pub(crate) at: u32,
    /// Where its content is loaded; `None` if it has none.
    pub(crate) load_at: Option<u32>,
    pub(crate) size: u32,
}

/// A symbol: name, address, size, index of its piece, `st_info`.
pub(crate) type Name = (&'static str, u32, u32, usize, u8);

/// `st_info`: binding in the upper half (0 local, 1 global, 2 weak), kind in the
/// lower (1 variable, 2 function).
pub(crate) const GLOBAL_VARIABLE: u8 = 0x11;
pub(crate) const GLOBAL_FUNCTION: u8 = 0x12;
pub(crate) const WEAK_FUNCTION: u8 = 0x22;
pub(crate) const LOCAL_FUNCTION: u8 = 0x02;

/// The bytes of the file.
pub(crate) fn linked(pieces: &[Piece], names: &[Name]) -> Vec<u8> {
    let count = pieces.len() as u32;
    let mut file = vec![0; (52 + 32 * count) as usize];
    let (mut segments, mut sections) = (Vec::new(), words(&[0; 10]));
    let mut strings = b"\0".to_vec();
    for piece in pieces {
        let (offset, name) = (file.len() as u32, add(&mut strings, piece.name));
        let has = |flag| u32::from(piece.flags.contains(flag));
        let in_file = if piece.load_at.is_some() { piece.size } else { 0 };
        file.extend(vec![0; in_file as usize]);
        // PT_LOAD; flags are X 1, W 2, R 4.
        let flags = 4 + 2 * has('w') + has('x');
        let load_at = piece.load_at.unwrap_or(piece.at);
        segments.extend(words(&[1, offset, piece.at, load_at, in_file, piece.size, flags, 4]));
        // SHT_PROGBITS 1, SHT_NOBITS 8; flags are W 1, A 2, X 4.
        let kind = if piece.load_at.is_some() { 1 } else { 8 };
        let flags = has('w') + 2 * has('a') + 4 * has('x');
        sections.extend(words(&[name, kind, flags, piece.at, offset, piece.size, 0, 0, 4, 0]));
    }
    let (mut symbols, mut symbol_strings) = (vec![0; 16], b"\0".to_vec());
    for (name, at, size, piece, info) in names {
        symbols.extend(words(&[add(&mut symbol_strings, name), *at, *size]));
        symbols.extend([*info, 0, *piece as u8 + 1, 0]);
    }
    let names = [".symtab", ".strtab", ".shstrtab"].map(|name| add(&mut strings, name));
    file.extend(vec![0; file.len().next_multiple_of(4) - file.len()]);
    let symbols_at = file.len() as u32;
    // SHT_SYMTAB 2 with its strings in the section behind it; SHT_STRTAB 3.
    let size = symbols.len() as u32;
    sections.extend(words(&[names[0], 2, 0, 0, symbols_at, size, count + 2, 1, 4, 16]));
    let size = symbol_strings.len() as u32;
    let strings_at = symbols_at + symbols.len() as u32;
    sections.extend(words(&[names[1], 3, 0, 0, strings_at, size, 0, 0, 1, 0]));
    let (at, size) = (strings_at + symbol_strings.len() as u32, strings.len() as u32);
    sections.extend(words(&[names[2], 3, 0, 0, at, size, 0, 0, 1, 0]));
    file.extend([symbols, symbol_strings, strings].concat());
    file.extend(vec![0; file.len().next_multiple_of(4) - file.len()]);
    let sections_at = file.len() as u32;
    file.extend(sections);
    file[..16].copy_from_slice(b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0");
    // ET_EXEC 2 and EM_ARM 40; version; entry, headers of segments and sections.
    file[16..40].copy_from_slice(&words(&[2 | 40 << 16, 1, 1, 52, sections_at, 0x0500_0000]));
    file[40..52].copy_from_slice(&words(&[
        52 | 32 << 16,
        count | 40 << 16,
        (count + 4) | (count + 3) << 16,
    ]));
    file[52..52 + segments.len()].copy_from_slice(&segments);
    file
}

/// Adds a string to a table; its place there.
fn add(strings: &mut Vec<u8>, text: &str) -> u32 {
    let at = strings.len() as u32;
    strings.extend(text.bytes().chain([0]));
    at
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
