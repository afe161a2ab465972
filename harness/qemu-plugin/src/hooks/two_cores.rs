//! The hooks where a chip has two cores: the same, and who waits for whom.

use std::ffi::c_uint;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{EVENTS, set_event};
use crate::chip::emulation;
use crate::qemu::{self, Instruction, Opaque};

/// Whether a core sleeps until an event.
static WAITING: [AtomicBool; 2] = [const { AtomicBool::new(false) }; 2];
/// Whether the SEV that a core comes by again was seen already.
static SEEN: [AtomicBool; 2] = [const { AtomicBool::new(false) }; 2];

/// A core has something to do, so it waits for nothing.
pub(crate) fn is_awake(core: usize) {
    WAITING[core].store(false, Ordering::Release);
}

/// What these hooks remember, for checkpoints.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    waiting: [bool; 2],
    seen: [bool; 2],
}

/// What they remember now.
pub(super) fn memory() -> Memory {
    let now = |all: &[AtomicBool; 2]| all.each_ref().map(|one| one.load(Ordering::Acquire));
    Memory { waiting: now(&WAITING), seen: now(&SEEN) }
}

/// They remember what they did then.
pub(super) fn remember(memory: Memory) {
    for core in 0..2 {
        WAITING[core].store(memory.waiting[core], Ordering::Release);
        SEEN[core].store(memory.seen[core], Ordering::Release);
    }
}

/// A core is reset: what it was about to do it does no more.
pub(super) fn begins_anew(core: usize) {
    is_awake(core);
    SEEN[core].store(false, Ordering::Release);
}

/// `ldr` but those from the stack and from constants: `ldr rt, [rn, #offset]` and
/// `ldr rt, [rn, rm]` (Armv6-M ARM §A6.7.26 encoding T1, §A6.7.28).
fn is_load(opcode: u16) -> bool {
    opcode >> 11 == 0b01101 || opcode >> 9 == 0b010_1100
}

/// What is to be hooked of one instruction.
pub(super) fn translate(instruction: Instruction, opcode: [u8; 4]) {
    match [opcode[0], opcode[1]] {
        super::WFE => instruction.before(before_wfe),
        super::SEV => instruction.before_with_registers(sev_entry),
        half if is_load(u16::from_le_bytes(half)) => instruction.after_load(after_load),
        _ => {}
    }
}

unsafe extern "C" fn before_wfe(_cpu: c_uint, _data: Opaque) {
    let core = qemu::core();
    if !EVENTS[core].swap(false, Ordering::AcqRel) {
        qemu::hold(1 - core);
        qemu::run_on(core, wait_for_event, core as u64);
    }
}

/// The core sleeps before anything else runs, and the other gets its turn.
extern "C" fn wait_for_event(_cpu: Opaque, core: u64) {
    let core = usize::from(core != 0);
    if EVENTS[core].swap(false, Ordering::AcqRel) {
        return;
    }
    WAITING[core].store(true, Ordering::Release);
    emulation::settle_soon(); // Work that waits: nobody takes the cores for idle until it is done.
    qemu::fall_asleep(core);
}

/// See [`super::before_wfi`]. The other core gets its turn.
pub(super) unsafe extern "C" fn before_wfi(_cpu: c_uint, _data: Opaque) {
    qemu::account();
    emulation::settle_soon();
}

extern "C" fn after_load(_cpu: c_uint, _information: u32, address: u64, _data: Opaque) {
    emulation::loaded(address as u32);
}

super::hook_with_return!("replab_sev_entry", sev_entry, at_sev);

/// SEV gives both cores an event (Armv6-M ARM §B1.5.18). If that ends the other's
/// sleep, the block is left here: a block has no certain end, and from the first
/// instruction behind SEV on the other core counts.
unsafe extern "C" fn at_sev(_cpu: c_uint, _address: Opaque, return_address: usize) {
    let core = qemu::core();
    if SEEN[core].swap(false, Ordering::AcqRel) {
        return;
    }
    set_event(core);
    let other = 1 - core;
    if !WAITING[other].load(Ordering::Acquire) {
        set_event(other);
        return;
    }
    SEEN[core].store(true, Ordering::Release);
    qemu::hold(core);
    qemu::run_on(other, wake, other as u64);
    // SAFETY: generated code called the entry above, which jumped here with its
    // return address; this frame and the entry own nothing.
    unsafe { qemu::leave_block(return_address) }
}

extern "C" fn wake(_cpu: Opaque, core: u64) {
    let core = usize::from(core != 0);
    if WAITING[core].swap(false, Ordering::AcqRel) {
        EVENTS[core].store(false, Ordering::Release); // This WFE takes it.
        qemu::wake(core);
    } else {
        set_event(core);
    }
    emulation::settle_soon();
}

#[cfg(test)]
mod tests {
    use super::is_load;

    #[test]
    fn loads_are_known_by_their_opcode() {
        assert!(is_load(0x6808), "ldr r0, [r1]");
        assert!(is_load(0x6f4a), "ldr r2, [r1, #0x74]");
        assert!(is_load(0x5888), "ldr r0, [r1, r2]");
        assert!(!is_load(0x6008), "str r0, [r1]");
        assert!(!is_load(0x5a88), "ldrh r0, [r1, r2]");
        assert!(!is_load(0x9801), "ldr r0, [sp, #4]");
    }
}
