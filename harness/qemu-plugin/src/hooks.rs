//! Hooks in guest code: WFI, entries of fault handlers; with a whole chip of ours also
//! WFE, SEV, loads that have an effect, and loads that may be of the pins' levels.
//!
//! They run in the processor's thread, without QEMU's big lock. With two cores some
//! are others ([`two_cores`]).

/// Makes a hook that is given its own return address, by which QEMU finds its way
/// back from generated code, as a third argument: `$hook` jumps to `$inner`.
macro_rules! hook_with_return {
    ($name:literal, $hook:ident, $inner:ident) => {
        #[cfg(target_arch = "x86_64")]
        std::arch::global_asm!(
            concat!(".pushsection .text.", $name, ",\"ax\",@progbits"),
            concat!(".type ", $name, ", @function"),
            concat!($name, ":"),
            "mov rdx, [rsp]",
            "jmp {inner}",
            concat!(".size ", $name, ", . - ", $name),
            ".popsection",
            inner = sym $inner,
        );

        #[cfg(target_arch = "aarch64")]
        std::arch::global_asm!(
            concat!(".pushsection .text.", $name, ",\"ax\",@progbits"),
            concat!(".type ", $name, ", @function"),
            concat!($name, ":"),
            "mov x2, x30",
            "b {inner}",
            concat!(".size ", $name, ", . - ", $name),
            ".popsection",
            inner = sym $inner,
        );

        unsafe extern "C" {
            #[link_name = $name]
            fn $hook(cpu: std::ffi::c_uint, address: $crate::qemu::Opaque);
        }
    };
}
use hook_with_return;

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("hooks with a return address are written for x86-64 and aarch64 only");

mod two_cores;

use std::ffi::c_uint;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use crate::chip::emulation;
use crate::chip::layout::Layout;
use crate::chip::reads;
use crate::chip::undriven::may_look;
use crate::lab::{Reason, lab};
use crate::qemu::{self, Opaque, RegisterNumbers};
use crate::stop;

pub(crate) use two_cores::is_awake;

/// How many addresses of fault handlers there can be.
const FAULTS: usize = 8;
/// An address that nothing has.
const NOWHERE: u64 = u64::MAX;

static HANDLERS: [AtomicU64; FAULTS] = [const { AtomicU64::new(NOWHERE) }; FAULTS];
static HANDLER_COUNT: AtomicUsize = AtomicUsize::new(0);
/// The handler that may run once: `go` after the stop at its entry comes by again.
static PASS: AtomicU64 = AtomicU64::new(NOWHERE);
static NAIVE_WFI: AtomicBool = AtomicBool::new(false);
/// The event register of each core (Armv6-M ARM §B1.5.18).
static EVENTS: [AtomicBool; 2] = [const { AtomicBool::new(false) }; 2];
static REGISTERS: OnceLock<RegisterNumbers> = OnceLock::new();

/// Stops at the entry of the handler at `address`. Only blocks that are
/// translated later know it, so this must come before the first `go`.
pub(crate) fn stop_at(address: u64) -> Result<(), String> {
    if HANDLERS.iter().any(|one| one.load(Ordering::Acquire) == address) {
        return Ok(());
    }
    let index = HANDLER_COUNT.load(Ordering::Acquire);
    let place = HANDLERS
        .get(index)
        .ok_or_else(|| format!("there is room for {FAULTS} fault handlers only"))?;
    place.store(address, Ordering::Release);
    HANDLER_COUNT.store(index + 1, Ordering::Release);
    Ok(())
}

/// Leaves the cure of the WFI race out, for the test that it matters.
pub(crate) fn leave_the_race() {
    NAIVE_WFI.store(true, Ordering::Release);
}

/// The next fault stops again, whatever was let pass.
pub(crate) fn forget_pass() {
    PASS.store(NOWHERE, Ordering::Release);
}

/// What the hooks remember, for checkpoints.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pass: u64,
    events: [bool; 2],
    two_cores: two_cores::Memory,
}

/// What they remember now.
pub(crate) fn memory() -> Memory {
    Memory {
        pass: PASS.load(Ordering::Acquire),
        events: EVENTS.each_ref().map(|event| event.load(Ordering::Acquire)),
        two_cores: two_cores::memory(),
    }
}

/// They remember what they did then.
pub(crate) fn remember(memory: Memory) {
    PASS.store(memory.pass, Ordering::Release);
    for (event, was) in EVENTS.iter().zip(memory.events) {
        event.store(was, Ordering::Release);
    }
    two_cores::remember(memory.two_cores);
}

/// Says where the registers are.
pub(crate) fn know(registers: RegisterNumbers) {
    REGISTERS.get_or_init(|| registers);
}

/// Where the registers are; `None` before there is a processor.
pub(crate) fn registers() -> Option<RegisterNumbers> {
    REGISTERS.get().copied()
}

/// Where the processor is: at the instruction that accesses a device, or at the
/// first one of its block.
pub(crate) fn program_counter() -> u32 {
    qemu::register(15)
}

/// An event has happened: the next WFE of `core` does not wait.
pub(crate) fn set_event(core: usize) {
    EVENTS[core].store(true, Ordering::Release);
}

/// `core` is reset: no event has happened, and it waits for none.
pub(crate) fn clear_event(core: usize) {
    EVENTS[core].store(false, Ordering::Release);
    two_cores::begins_anew(core);
}

/// Called for each block of guest code before it runs for the first time.
pub(crate) extern "C" fn translate(_id: u64, block: Opaque) {
    let cure = !NAIVE_WFI.load(Ordering::Acquire);
    let chip = emulation::layout().filter(|chip| chip.own.is_some());
    let are_two = qemu::are_two();
    for (index, instruction) in qemu::instructions(block).enumerate() {
        let opcode = instruction.opcode();
        if cure && is_wfi(opcode) {
            instruction.before(if are_two { two_cores::before_wfi } else { before_wfi });
        }
        if are_two {
            two_cores::translate(instruction, opcode);
        } else if let Some(chip) = chip {
            match [opcode[0], opcode[1]] {
                WFE => instruction.before(before_wfe),
                SEV => instruction.before(before_sev),
                half if loads_from(u16::from_le_bytes(half), chip.loads) => {
                    instruction.after_load(after_load);
                }
                half if may_read_pins(chip, u16::from_le_bytes(half), block, index) => {
                    instruction.after_load_with_registers(after_load_of_pins);
                }
                _ => {}
            }
        }
        let address = instruction.address();
        if HANDLERS.iter().any(|handler| handler.load(Ordering::Acquire) == address) {
            instruction.before_with_registers(fault_entry);
        }
    }
}

/// `WFI` in its two encodings (Armv7-M ARM §A7.7.262).
fn is_wfi(opcode: [u8; 4]) -> bool {
    opcode[..2] == [0x30, 0xbf] || opcode == [0xaf, 0xf3, 0x03, 0x80]
}

/// Their encodings (Armv6-M ARM §A6.7.76, §A6.7.57).
const WFE: [u8; 2] = [0x20, 0xbf];
const SEV: [u8; 2] = [0x40, 0xbf];

/// Whether this is `ldr rt, [rn, #offset]` (Armv6-M ARM §A6.7.26, encoding T1)
/// with one of these offsets.
fn loads_from(opcode: u16, offsets: &[u32]) -> bool {
    opcode >> 11 == 0b01101 && offsets.contains(&(u32::from(opcode >> 6 & 31) * 4))
}

/// Whether the instruction with this number in a block may load the levels of the
/// pins from a mirrored block, to look at some of them.
fn may_read_pins(chip: &Layout, opcode: u16, block: Opaque, index: usize) -> bool {
    let offset = chip.blocks.iter().find_map(|one| {
        let offset = chip.levels.wrapping_sub(one.at);
        (one.is_mirrored && offset < one.size).then_some(offset)
    });
    let half = |instruction: qemu::Instruction| {
        let opcode = instruction.opcode();
        u16::from_le_bytes([opcode[0], opcode[1]])
    };
    offset.is_some_and(|offset| loads_from(opcode, &[offset]))
        && may_look(opcode, qemu::instructions(block).skip(index + 1).map(half))
}

/// QEMU takes a WFE for a yield, so a sleep would be spent in turns of its loop
/// (10.0.2, `target/arm/tcg/op_helper.c`). So the processor is halted here, as
/// work between two blocks: a WFE ends its block.
unsafe extern "C" fn before_wfe(_cpu: c_uint, _data: Opaque) {
    if !EVENTS[0].swap(false, Ordering::AcqRel) {
        qemu::run_on_cpu(wait_for_event);
    }
}

extern "C" fn wait_for_event(_cpu: Opaque, _data: u64) {
    if !EVENTS[0].swap(false, Ordering::AcqRel) {
        qemu::halt();
    }
}

unsafe extern "C" fn before_sev(_cpu: c_uint, _data: Opaque) {
    set_event(0);
}

extern "C" fn after_load(_cpu: c_uint, _information: u32, address: u64, _data: Opaque) {
    emulation::loaded(address as u32);
}

extern "C" fn after_load_of_pins(_cpu: c_uint, _information: u32, address: u64, pc: Opaque) {
    let levels = emulation::layout().map(|layout| u64::from(layout.levels));
    if levels == Some(address) {
        reads::loaded(qemu::unpack(pc) as u32, address as u32);
    }
}

/// A WFI marks the processor as halted before its instructions are accounted. A
/// main loop that is awake just then moves the clock to the next timer from a
/// stale "now", and later times are late by the unaccounted instructions (QEMU
/// 10.0.2, `accel/tcg/icount-common.c`, `icount_start_warp_timer`). Accounting
/// them before the WFI closes the window.
unsafe extern "C" fn before_wfi(_cpu: c_uint, _data: Opaque) {
    qemu::account();
}

// Before the first instruction of a fault handler.
hook_with_return!("replab_fault_entry", fault_entry, at_fault);

/// Leaves the block if the machine is to stop here: going on would run the rest
/// of it, and a BKPT there is a lockup, at which QEMU aborts.
unsafe extern "C" fn at_fault(_cpu: c_uint, address: Opaque, return_address: usize) {
    if fault_stops(qemu::unpack(address) as u64) {
        // SAFETY: generated code called the entry above, which jumped here with
        // its return address; this frame and the entry own nothing.
        unsafe { qemu::leave_block(return_address) }
    }
}

/// Whether the fault whose handler begins at `address` stops the machine.
fn fault_stops(address: u64) -> bool {
    let exception = registers().map_or(0, |numbers| qemu::register(numbers.xpsr)) & 0x1ff;
    // Handlers are often shared with other exceptions.
    if !(3..=6).contains(&exception) {
        return false;
    }
    if PASS.compare_exchange(address, NOWHERE, Ordering::AcqRel, Ordering::Acquire).is_ok() {
        return false;
    }
    qemu::show(qemu::core());
    // The clock must not be read here; the answer to `go` carries the time. If
    // another stop is on its way, that one comes first and this entry is met again.
    if lab().file(Reason::Fault(exception)) {
        PASS.store(address, Ordering::Release);
        stop::carry_out_soon();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_are_known_by_their_offset() {
        assert!(loads_from(0x6f01, &[0x58, 0x70]), "ldr r1, [r0, #0x70]");
        assert!(loads_from(0x6d99, &[0x58, 0x70]), "ldr r1, [r3, #0x58]");
        assert!(!loads_from(0x6f41, &[0x58, 0x70]), "ldr r1, [r0, #0x74]");
        assert!(!loads_from(0x6701, &[0x58, 0x70]), "str r1, [r0, #0x70]");
    }

    #[test]
    fn both_encodings_of_wfi_are_known() {
        assert!(is_wfi([0x30, 0xbf, 0x00, 0xbf]));
        assert!(is_wfi([0xaf, 0xf3, 0x03, 0x80]));
        assert!(!is_wfi([0x20, 0xbf, 0x30, 0xbf]), "that is WFE");
    }
}
