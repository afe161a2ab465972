//! The chip's state, for checkpoints. Lines to QEMU's processor are not moved: it has
//! their levels in its own state.

use std::collections::HashSet;

use super::CHIP;
use crate::chip::layout::Chip;
use crate::chip::peripheral::Finding;
use crate::chip::reads;

/// What a chip was, and what was told of it.
pub(crate) struct Kept {
    chip: Box<dyn Chip>,
    interrupts: u32,
    deadline: Option<u64>,
    found: HashSet<Finding>,
    shorted: u32,
    /// The second core's interrupts, and whether it is held.
    second: Option<(u32, bool)>,
    /// The pins of whose reads was told.
    told: u32,
}

/// The present state; `None` if there is no chip of ours. The machine stands.
pub(crate) fn keep() -> Option<Kept> {
    let guard = CHIP.lock().expect("a panic ends the process");
    guard.as_ref().map(|emulation| Kept {
        chip: emulation.chip.boxed_clone(),
        interrupts: emulation.interrupts,
        deadline: emulation.deadline,
        found: emulation.found.clone(),
        shorted: emulation.shorted,
        second: emulation.second.as_ref().map(|second| (second.interrupts, second.is_held)),
        told: reads::told(),
    })
}

/// The chip is as it was. Its timer is armed with all others.
pub(crate) fn give_back(kept: &Kept) {
    if let Some(emulation) = CHIP.lock().expect("a panic ends the process").as_mut() {
        emulation.chip = kept.chip.boxed_clone();
        emulation.interrupts = kept.interrupts;
        emulation.deadline = kept.deadline;
        emulation.is_moved = false;
        emulation.found.clone_from(&kept.found);
        emulation.shorted = kept.shorted;
        if let (Some(second), Some((interrupts, is_held))) = (&mut emulation.second, kept.second) {
            (second.interrupts, second.is_held) = (interrupts, is_held);
        }
        reads::tell_again(kept.told, emulation.chip.undriven());
    }
}
