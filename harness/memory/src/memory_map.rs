//! What lies where: the board's memories and the architecture's spaces.

use replab_board::{Board, MemoryKind};

/// What an address belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// Memory that can be written.
    Ram,
    /// Memory that is only read.
    Flash,
    /// Where devices are: 0x40000000 to 0x5fffffff, and the processor's own at
    /// 0xe0000000 to 0xe00fffff (Armv6-M ARM §B3.1).
    Device,
    /// Nothing that the board knows of.
    Nowhere,
}

/// What `address` belongs to.
pub(crate) fn home(board: &Board, address: u32) -> Home {
    let region = board
        .memory
        .values()
        .find(|region| address.checked_sub(region.at).is_some_and(|offset| offset < region.size));
    match (region.map(|region| region.kind), address) {
        (Some(MemoryKind::Ram), _) => Home::Ram,
        (Some(MemoryKind::Flash), _) => Home::Flash,
        (None, 0x4000_0000..=0x5fff_ffff | 0xe000_0000..=0xe00f_ffff) => Home::Device,
        (None, _) => Home::Nowhere,
    }
}

/// The lowest address of RAM; 0 if there is none.
pub(crate) fn lowest_ram(board: &Board) -> u32 {
    let ram = board.memory.values().filter(|region| region.kind == MemoryKind::Ram);
    ram.map(|region| region.at).min().unwrap_or(0)
}
