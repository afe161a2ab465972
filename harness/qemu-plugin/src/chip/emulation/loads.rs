//! Loads from mirrored blocks, as far as they have an effect.

use crate::qemu::{self, Opaque};

use super::{CHIP, WANTED, Wanted, enter, two_cores};

/// A load whose effect the mirror of its block cannot have. Called without
/// QEMU's lock.
pub(crate) fn loaded(address: u32) {
    let Some(Wanted { layout, mirrored, .. }) = WANTED.get() else { return };
    let mut blocks = mirrored.iter().map(|index| (*index, &layout.blocks[*index]));
    let found = blocks.find(|(_, block)| address.wrapping_sub(block.at) < block.size);
    let Some((index, block)) = found else { return };
    let mut guard = CHIP.lock().expect("a panic ends the process");
    let Some(emulation) = guard.as_mut() else { return };
    let is_changed = emulation.chip.loaded(qemu::core(), index, address - block.at);
    drop(guard);
    if is_changed && qemu::are_two() {
        two_cores::lower_lines();
    } else if is_changed {
        qemu::run_on_cpu(look_again);
    }
}

/// Brings to QEMU what a load without its lock has changed.
extern "C" fn look_again(_cpu: Opaque, _data: u64) {
    enter(|_, _, _| ());
}
