//! The chip's map: its registers, and a whole chip's memories (ROM, RAM, flash).

use std::sync::atomic::Ordering;

use crate::chip::layout::Memories;
use crate::qemu::{self, Map, Memory};

use super::{FLASH, Wanted, load, nowhere, store};

/// The chip's map over the machine's, the memories of its mirrored blocks, and its flash.
pub(super) fn put_map_in(wanted: &Wanted) -> Result<(Map, Vec<Memory>, Memory), String> {
    let layout = wanted.layout;
    let map = Map::new(qemu::Accesses { load, store, nowhere });
    let flash = match &layout.own {
        Some(own) => put_memories_in(&map, own, &wanted.rom)?,
        None => &[],
    };
    let mut mirrors = Vec::new();
    for (index, block) in layout.blocks.iter().enumerate() {
        if block.is_mirrored {
            mirrors.push(map.rom_device(block.name, &[block.at], block.size, index)?);
        } else {
            map.registers(block.name, block.at, block.size, index);
        }
    }
    map.cover(layout.core.memory)?;
    Ok((map, mirrors, flash))
}

/// What a whole chip has instead of all that the machine has. Gives its flash.
fn put_memories_in(map: &Map, own: &Memories, content: &[u8]) -> Result<Memory, String> {
    map.hide_the_rest();
    let rom = map.rom("chip.rom", own.rom.0, own.rom.1)?;
    for (word, bytes) in rom.iter().zip(content.chunks(4)) {
        let mut four = [0; 4];
        four[..bytes.len()].copy_from_slice(bytes);
        word.store(u32::from_le_bytes(four), Ordering::Relaxed);
    }
    for (name, at, size) in own.ram {
        map.ram(name, *at, *size)?;
    }
    let flash = map.rom_device("chip.flash", own.flash.at, own.flash.size, FLASH)?;
    flash.iter().for_each(|word| word.store(u32::MAX, Ordering::Relaxed));
    Ok(flash)
}

/// A cleared bit of flash is set again only by an erase.
pub(super) fn program(at: u32, mut bytes: Vec<u8>) {
    let Some(old) = qemu::peek(u64::from(at), bytes.len()) else { return };
    for (byte, old) in bytes.iter_mut().zip(old) {
        *byte &= old;
    }
    qemu::poke(u64::from(at), &mut bytes);
}
