//! What the functions and variables of a file take.

use std::cmp::Reverse;

use object::read::elf::ElfSymbol32;
use object::{LittleEndian, Object as _, ObjectSection as _, ObjectSymbol as _};
use object::{SectionFlags, SymbolKind, elf};

use crate::footprint::file::File;

/// A function or variable with a size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Its name, as people write it.
    pub name: String,
    /// Its address, without the Thumb bit.
    pub at: u32,
    /// Bytes; not 0.
    pub size: u32,
    /// The name of the section that it lies in.
    pub section: String,
    /// Whether it is a function.
    pub is_function: bool,
}

/// A symbol, and the source file that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LargeSymbol {
    /// The symbol.
    pub symbol: Symbol,
    /// The source file as the debug information spells it, if there is any.
    pub file: Option<String>,
}

/// All symbols of `file` in memory, the largest first, then by address. Of several
/// names for the same bytes one is taken: a global one before a weak one before a
/// local one, then the first in the alphabet.
pub(crate) fn symbols(file: &File<'_>) -> Vec<Symbol> {
    let mut found: Vec<(u8, Symbol)> =
        file.symbols().filter_map(|symbol| Some((rank(&symbol), read(file, &symbol)?))).collect();
    found.sort_by(|(one_rank, one), (other_rank, other)| {
        let key = |it: &Symbol| (it.at, it.size);
        (key(one), &one.section, one_rank, &one.name).cmp(&(
            key(other),
            &other.section,
            other_rank,
            &other.name,
        ))
    });
    let bytes = |symbol: &Symbol| (symbol.at, symbol.size);
    found.dedup_by(|(_, next), (_, kept)| {
        bytes(next) == bytes(kept) && next.section == kept.section
    });
    let mut symbols: Vec<Symbol> = found.into_iter().map(|(_, symbol)| symbol).collect();
    // Stable: what is equally large stays in the order of addresses.
    symbols.sort_by_key(|symbol| Reverse(symbol.size));
    symbols
}

fn rank(symbol: &ElfSymbol32<'_, '_, LittleEndian>) -> u8 {
    match (symbol.is_local(), symbol.is_weak()) {
        (false, false) => 0,
        (false, true) => 1,
        (true, _) => 2,
    }
}

fn read(file: &File<'_>, symbol: &ElfSymbol32<'_, '_, LittleEndian>) -> Option<Symbol> {
    if matches!(symbol.kind(), SymbolKind::Section | SymbolKind::File) || symbol.size() == 0 {
        return None;
    }
    let section = file.section_by_index(symbol.section_index()?).ok()?;
    let SectionFlags::Elf { sh_flags, .. } = section.flags() else { return None };
    if !sh_flags.contains(elf::SHF_ALLOC) {
        return None;
    }
    let is_function = symbol.kind() == SymbolKind::Text;
    let address = u32::try_from(symbol.address()).ok()?;
    let name = String::from_utf8_lossy(symbol.name_bytes().ok()?);
    Some(Symbol {
        name: addr2line::demangle_auto(name, None).into_owned(),
        at: if is_function { address & !1 } else { address },
        size: u32::try_from(symbol.size()).ok()?,
        section: String::from_utf8_lossy(section.name_bytes().ok()?).into_owned(),
        is_function,
    })
}
