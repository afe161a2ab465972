//! QEMU, as far as the plugin needs it: the only module with foreign calls.
//!
//! The wrappers take and give handles that only this module makes, so that the
//! rest of the plugin needs no `unsafe`. What they cannot check is *where* they
//! are called. The rules (QEMU 10.0.2):
//!
//! - Commands, timers, line handlers, chardevs, state and reset handlers run with
//!   QEMU's big lock held, in the main loop or in the processor's thread.
//!   Everything here may be called there.
//! - Hooks of guest code run in the processor's thread without that lock. There
//!   only [`run_on_cpu`] and [`run_on`] are safe, [`account`] before a WFI, and [`register`] in
//!   hooks that ask for registers: reading the clock there ends QEMU
//!   with "Bad icount read" (`accel/tcg/icount-common.c`).

mod chardev;
mod cores;
mod descriptions;
mod device;
mod ending;
mod map;
mod memory;
mod processor;
mod ram;
mod random;
mod snapshot;
mod table;
mod timer;

use std::ffi::{CStr, c_int};
use std::ptr::null_mut;
use std::sync::OnceLock;

pub(crate) use chardev::{Chardev, take_bytes};
pub(crate) use cores::{
    SECOND_PATH, SecondCore, add_core, are_two, core, fall_asleep, has_work, hold, is_idle,
    keep_from_running, let_run, power_second, reset_controller_of_second, reset_second, run_on,
    show, shown, wake, with_big_lock,
};
pub(crate) use device::{Device, Line};
pub(crate) use ending::{abort_at_last, is_own_abort, leave, on_abort, wait_for};
pub(crate) use map::{Accesses, Map, Memory, inputs, map_at_once, set_clock, when_built};
pub(crate) use memory::{fill, host_address, peek, poke};
pub(crate) use processor::{
    Instruction, RegisterNumbers, hook, instructions, leave_block, register, register_numbers,
};
pub(crate) use ram::{Block, Page};
pub(crate) use random::Generators;
pub(crate) use snapshot::Snapshot;
pub(crate) use table::{
    Callback, CpuHook, ExecHook, LineCallback, LoadHook, Opaque, StateCallback, TranslateHook, Work,
};

pub(crate) use timer::{Armed, Timer};

use table::Table;

/// `QEMU_CLOCK_VIRTUAL` (`include/qemu/timer.h`): machine time.
const VIRTUAL: c_int = 1;
/// `RUN_STATE_PAUSED` (`qapi/run-state.json`).
pub(crate) const PAUSED: c_int = 4;
/// `SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET` (`qapi/run-state.json`).
const RESET_BY_HOST: c_int = 3;

/// The longest pause between two looks whether the machine has stopped, in microseconds.
const LONGEST_PAUSE: u32 = 64;

/// `CPU_INTERRUPT_HALT` (`include/exec/cpu-all.h`).
const HALT: c_int = 0x20;

static TABLE: OnceLock<Table> = OnceLock::new();

fn q() -> &'static Table {
    TABLE.get().expect("found at install, before any callback")
}

/// Finds QEMU's functions; `Err` names one that is missing.
pub(crate) fn find() -> Result<(), &'static str> {
    let table = Table::find()?;
    TABLE.get_or_init(|| table);
    Ok(())
}

/// QEMU's version and its package, as it says them itself: `10.0.2`, `Debian 1:10.0.2+ds-…`.
pub(crate) fn version() -> (String, String) {
    // SAFETY: gives a structure of its own, never null; it is not freed, once a run.
    unsafe {
        let info = &*(q().qmp_query_version)(null_mut());
        let three = &*info.qemu;
        let package = CStr::from_ptr(info.package).to_string_lossy();
        (
            format!("{}.{}.{}", three.major, three.minor, three.micro),
            package.trim_matches(['(', ')', ' ']).to_owned(),
        )
    }
}

/// Machine time in nanoseconds.
pub(crate) fn now() -> i64 {
    // SAFETY: see the head for where it may be called.
    unsafe { (q().qemu_clock_get_ns)(VIRTUAL) }
}

/// The first processor, or null before there is one.
fn cpu() -> Opaque {
    // SAFETY: the queue's first word is a pointer that changes only while the machine is built.
    unsafe { q().cpus_queue.read() }
}

/// A random number, which QEMU's `-seed` decides.
pub(crate) fn random() -> u64 {
    let mut bytes = [0; 8];
    // SAFETY: eight bytes are behind the pointer.
    unsafe { (q().qemu_guest_getrandom_nofail)(bytes.as_mut_ptr(), bytes.len()) };
    u64::from_le_bytes(bytes)
}

/// Runs all timers that are due.
pub(crate) fn run_timers() {
    // SAFETY: called in the processor's thread with the big lock held, as QEMU's
    // own `icount_notify_aio_contexts` does (`accel/tcg/tcg-accel-ops-icount.c`).
    unsafe {
        (q().qemu_clock_run_timers)(VIRTUAL);
    }
}

/// Lets the machine go.
pub(crate) fn start() {
    // SAFETY: main loop.
    unsafe { (q().vm_start)() }
}

/// Asks the main loop to stop the machine and waits until it has.
///
/// Returning at once would let the main loop see a sleeping processor in a
/// running machine, and it would move the clock to the next timer. Waiting
/// inside a timer callback would wait for itself. So: only as queued work.
pub(crate) fn stop_and_wait() {
    // SAFETY: processor's thread, between two blocks, big lock held; it is given
    // up while waiting so that the main loop can take the request.
    unsafe {
        // Sleeps are late by the slack of timers, 50 µs unless it is set (prctl(2)).
        libc::prctl(libc::PR_SET_TIMERSLACK, 1);
        (q().vm_stop)(PAUSED);
        // Doubled each time: a main loop that is awake answers at once, and one that
        // waits for a processor is not kept from it.
        let mut pause = 1;
        while is_running() {
            (q().bql_unlock)();
            libc::usleep(pause);
            (q().bql_lock_impl)(c"replab".as_ptr(), 0);
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
    }
}

/// Has the main loop stop the machine before it does anything else.
///
/// Only for a timer that the main loop runs: it does that last, and then looks
/// for such requests (`main_loop_wait` and `main_loop_should_exit`). Whoever
/// calls this must have queued work for the processor, so that it does not count
/// as asleep until then.
pub(crate) fn stop_at_once() {
    // SAFETY: both only set variables, and wake the main loop (`system/runstate.c`).
    unsafe {
        (q().qemu_system_vmstop_request_prepare)();
        (q().qemu_system_vmstop_request)(PAUSED);
    }
}

/// Whether the caller holds the big lock.
pub(crate) fn has_big_lock() -> bool {
    // SAFETY: reads a variable of the thread.
    unsafe { (q().bql_locked)() }
}

/// Whether this is the processor's thread.
pub(crate) fn is_processors_thread() -> bool {
    // SAFETY: compares the caller's thread with the one that is known.
    unsafe { (q().qemu_cpu_is_self)(cpu()) }
}

/// Whether the machine is let go.
pub(crate) fn is_running() -> bool {
    // SAFETY: reads one variable.
    unsafe { (q().runstate_is_running)() }
}

/// Has `work` done in the processor's thread before its next block. In icount
/// mode an MMIO access is the last instruction of its block.
pub(crate) fn run_on_cpu(work: Work) {
    // SAFETY: only queues and wakes, under locks of its own (`cpu-common.c`).
    unsafe { (q().async_run_on_cpu)(cpu(), work, 0) }
    if are_two() {
        hold(1); // Whichever core is next.
    }
}

/// Has the processor halt until its next interrupt. As queued work only.
pub(crate) fn halt() {
    // SAFETY: processor's thread, big lock held (`include/exec/cpu-all.h`).
    unsafe { (q().cpu_interrupt)(cpu(), HALT) }
}

/// Accounts the instructions that the processor has executed so far.
pub(crate) fn account() {
    // SAFETY: called by the processor's thread for itself (`accel/tcg/icount-common.c`).
    unsafe { (q().icount_update)(cores::running()) }
}

/// Has the machine reset by the main loop.
pub(crate) fn request_reset() {
    // SAFETY: sets a variable and wakes the main loop (`system/runstate.c`).
    unsafe { (q().qemu_system_reset_request)(RESET_BY_HOST) }
}

/// Calls `changed` when the machine starts and stops, `reset` when it is reset,
/// `readable` when there is something to read from `descriptor`.
pub(crate) fn listen(
    changed: StateCallback,
    reset: Callback,
    descriptor: c_int,
    readable: Callback,
) {
    // SAFETY: main thread, while the machine is built.
    unsafe {
        (q().qemu_add_vm_change_state_handler)(changed, null_mut());
        (q().qemu_register_reset)(reset, null_mut());
        (q().qemu_set_fd_handler)(descriptor, Some(readable), None, null_mut());
    }
}

/// A number for QEMU to keep and to give back.
pub(crate) fn pack(index: usize) -> Opaque {
    std::ptr::without_provenance_mut(index)
}

/// The number that QEMU gave back.
pub(crate) fn unpack(value: Opaque) -> usize {
    value.addr()
}
