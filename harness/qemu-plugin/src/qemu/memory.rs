//! The machine's memory.

use super::{cpu, q};

/// The end of the processor's addresses.
const END: u64 = 1 << 32;

/// Reads memory as the processor sees it; `None` if some of it is not there.
pub(crate) fn peek(address: u64, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    access(address, &mut bytes, false).then_some(bytes)
}

/// Writes memory, also ROM and flash; `false` if some of it is not there.
pub(crate) fn poke(address: u64, bytes: &mut [u8]) -> bool {
    access(address, bytes, true)
}

fn access(address: u64, bytes: &mut [u8], write: bool) -> bool {
    if address.saturating_add(bytes.len() as u64) > END {
        return false; // QEMU would go on at zero.
    }
    // SAFETY: that many bytes are behind the pointer; with the machine stopped nobody else looks (`system/physmem.c`).
    unsafe {
        (q().cpu_memory_rw_debug)(cpu(), address, bytes.as_mut_ptr(), bytes.len(), write) == 0
    }
}

/// Where in this process the memory stands that the processor sees at `address`,
/// and how many bytes from there on, of `length` at most, follow each other in both;
/// `None` if there is none. A device's register there would be read.
pub(crate) fn host_address(address: u64, length: u64) -> Option<(usize, u64)> {
    let mut mapped = length;
    // SAFETY: big lock held. What is mapped is given back; memory itself stays
    // where it is as long as the machine lives. A register is given as a copy,
    // which belongs to no memory of the machine (`system/physmem.c`).
    unsafe {
        let space = (q().cpu_get_address_space)(cpu(), 0);
        let place = (q().address_space_map)(space, address, &raw mut mapped, false, 0);
        if place.is_null() {
            return None;
        }
        let mut offset = 0;
        let is_memory = !(q().memory_region_from_host)(place, &raw mut offset).is_null();
        (q().address_space_unmap)(space, place, mapped, false, 0);
        (is_memory && mapped > 0).then_some((place.addr(), mapped))
    }
}

/// Fills memory; `false` if some of it is not there.
pub(crate) fn fill(address: u64, length: u64, byte: u8) -> bool {
    const PIECE: u64 = 1 << 16;
    let mut bytes = vec![byte; PIECE as usize];
    let end = address.saturating_add(length);
    (address..end).step_by(PIECE as usize).all(|start| {
        let count = PIECE.min(end - start) as usize;
        poke(start, &mut bytes[..count])
    })
}
