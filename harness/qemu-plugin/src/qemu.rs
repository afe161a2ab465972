//! QEMU, as far as the plugin needs it: the only module with foreign calls.
//!
//! The wrappers take and give handles that only this module makes, so that the
//! rest of the plugin needs no `unsafe`. What they cannot check is *where* they
//! are called. The rules (QEMU 10.0.2):
//!
//! - Commands, timers, line handlers, state and reset handlers run with QEMU's
//!   big lock held, in the main loop or in the processor's thread. Everything
//!   here may be called there.
//! - Hooks of guest code run in the processor's thread without that lock. There
//!   only [`run_on_cpu`] is safe, [`account`] before a WFI, [`register`] in hooks
//!   that ask for registers, and [`now`] in a hook of an MMIO access: elsewhere
//!   the clock ends QEMU with "Bad icount read" (`accel/tcg/icount-common.c`).

mod table;

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr::{null, null_mut};
use std::sync::OnceLock;

pub(crate) use table::{
    Callback, CpuHook, ExecHook, LineCallback, MemoryHook, Opaque, StateCallback, TranslateHook,
    Work,
};

use table::Table;

/// `QEMU_CLOCK_VIRTUAL` (`include/qemu/timer.h`): machine time.
const VIRTUAL: c_int = 1;
/// Nanoseconds per tick of our timers: `SCALE_NS` (`include/qemu/timer.h`).
const SCALE_NS: c_int = 1;
/// `RUN_STATE_PAUSED` (`qapi/run-state.json`).
pub(crate) const PAUSED: c_int = 4;
/// `SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET` (`qapi/run-state.json`).
const RESET_BY_HOST: c_int = 3;
/// `QEMU_PLUGIN_CB_NO_REGS`, `QEMU_PLUGIN_CB_R_REGS`, `QEMU_PLUGIN_MEM_W` (`include/qemu/qemu-plugin.h`).
const NO_REGISTERS: c_int = 0;
const READ_REGISTERS: c_int = 1;
const STORES: c_int = 2;

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

/// Ends the process at once, without QEMU's own end: the lab is gone.
pub(crate) fn leave() -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(3) }
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

/// A timer of machine time, which lives for ever.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timer(Opaque);

// SAFETY: timers belong to QEMU, whose functions for them lock what they need.
unsafe impl Send for Timer {}

/// Room for a `QEMUTimer`: 48 bytes in 10.0.2 (`include/qemu/timer.h`).
#[repr(C, align(16))]
struct TimerStorage([u8; 512]);

impl Timer {
    /// A timer that calls `callback` with `index`.
    pub(crate) fn new(callback: Callback, index: usize) -> Timer {
        let storage: Opaque =
            std::ptr::from_mut(Box::leak(Box::new(TimerStorage([0; 512])))).cast();
        // SAFETY: zeroed, large enough, aligned, and never moved or freed; a null
        // group is the main loop's.
        unsafe {
            (q().timer_init_full)(storage, null_mut(), VIRTUAL, SCALE_NS, 0, callback, pack(index));
        }
        Timer(storage)
    }

    /// Fires at `ns`, and at no earlier deadline any more. In a callback of a
    /// timer this must come last: with a sleeping processor it moves the clock.
    pub(crate) fn at(self, ns: i64) {
        // SAFETY: initialised in `new`.
        unsafe { (q().timer_mod_ns)(self.0, ns) }
    }

    /// Does not fire.
    pub(crate) fn cancel(self) {
        // SAFETY: initialised in `new`.
        unsafe { (q().timer_del)(self.0) }
    }
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
        (q().vm_stop)(PAUSED);
        while is_running() {
            (q().bql_unlock)();
            libc::usleep(1);
            (q().bql_lock_impl)(c"replab".as_ptr(), 0);
        }
    }
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
}

/// Accounts the instructions that the processor has executed so far.
pub(crate) fn account() {
    // SAFETY: called by the processor's thread for itself (`accel/tcg/icount-common.c`).
    unsafe { (q().icount_update)(cpu()) }
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

/// A device by its path in QEMU's object tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Device(Opaque);

/// One end of a line between devices (`qemu_irq`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line(Opaque);

// SAFETY: a handle; QEMU's big lock guards what it stands for.
unsafe impl Send for Line {}

impl Device {
    /// The device at `path`; `None` if there is nothing, or no device.
    pub(crate) fn find(path: &str) -> Option<Device> {
        let path = CString::new(path).ok()?;
        // SAFETY: C strings; null asks for no answer about ambiguity. A
        // `DeviceState` begins with its `Object`, so the pointer serves as both.
        let device = unsafe {
            let object = (q().object_resolve_path)(path.as_ptr(), null_mut());
            if object.is_null() {
                return None;
            }
            (q().object_dynamic_cast)(object, c"device".as_ptr())
        };
        (!device.is_null()).then_some(Device(device))
    }

    /// Whether it has this line: `kind` is `unnamed-gpio-in`, `unnamed-gpio-out`
    /// or a name. Asking for one that is not there would end QEMU (`hw/core/gpio.c`).
    fn has(self, kind: &str, line: u32) -> bool {
        let Ok(name) = CString::new(format!("{kind}[{line}]")) else { return false };
        // SAFETY: every line is a property of its device, or an alias of one.
        unsafe { !(q().object_property_find)(self.0, name.as_ptr()).is_null() }
    }

    /// Its unnamed input `line`.
    pub(crate) fn input(self, line: u32) -> Option<Line> {
        if !self.has("unnamed-gpio-in", line) {
            return None;
        }
        // SAFETY: the line exists.
        let line = unsafe { (q().qdev_get_gpio_in_named)(self.0, null(), number(line)) };
        (!line.is_null()).then_some(Line(line))
    }

    /// Whether it has the unnamed output `line`.
    pub(crate) fn has_output(self, line: u32) -> bool {
        self.has("unnamed-gpio-out", line)
    }

    /// Puts `callback`, called with `index`, into its unnamed output `line`, and
    /// gives the line's old end. It must have such an output.
    pub(crate) fn intercept(self, line: u32, callback: LineCallback, index: usize) -> Option<Line> {
        self.intercept_kind(null(), line, callback, index)
    }

    /// The same for its output `SYSRESETREQ`; `None` if it has none.
    pub(crate) fn intercept_reset(self, callback: LineCallback) -> Option<()> {
        if !self.has("SYSRESETREQ", 0) {
            return None;
        }
        self.intercept_kind(c"SYSRESETREQ".as_ptr(), 0, callback, 0);
        Some(())
    }

    fn intercept_kind(
        self,
        kind: *const c_char,
        line: u32,
        callback: LineCallback,
        index: usize,
    ) -> Option<Line> {
        // SAFETY: the callers know that the line exists; the new end lives for ever.
        let old = unsafe {
            let end = (q().qemu_allocate_irq)(callback, pack(index), number(line));
            (q().qdev_intercept_gpio_out)(self.0, end, kind, number(line))
        };
        (!old.is_null()).then_some(Line(old))
    }
}

impl Line {
    /// Sets its level; -1 lets it float, where the model knows that.
    pub(crate) fn set(self, level: i32) {
        // SAFETY: a line that QEMU gave us; lines live as long as their devices, which are never unplugged.
        unsafe { (q().qemu_set_irq)(self.0, level) }
    }
}

/// The far end of a UART.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chardev(Opaque);

// SAFETY: a handle; QEMU's big lock guards what it stands for.
unsafe impl Send for Chardev {}

impl Chardev {
    /// The one with this id.
    pub(crate) fn find(id: &str) -> Option<Chardev> {
        let id = CString::new(id).ok()?;
        // SAFETY: a C string.
        let found = unsafe { (q().qemu_chr_find)(id.as_ptr()) };
        (!found.is_null()).then_some(Chardev(found))
    }

    /// Whether the UART would take a byte now.
    pub(crate) fn has_room(self) -> bool {
        // SAFETY: a chardev that QEMU gave us.
        unsafe { (q().qemu_chr_be_can_write)(self.0) > 0 }
    }

    /// Gives the UART a byte. It must have room.
    pub(crate) fn give(self, byte: u8) {
        // SAFETY: one byte is behind the pointer.
        unsafe { (q().qemu_chr_be_write)(self.0, &raw const byte, 1) }
    }
}

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

/// Where the registers stand that have no fixed number for gdb.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RegisterNumbers {
    pub(crate) xpsr: c_int,
    pub(crate) msp: c_int,
    pub(crate) psp: c_int,
}

/// Finds them; `Err` names one that the processor lacks. Only in the callback for a new processor.
pub(crate) fn register_numbers() -> Result<RegisterNumbers, &'static str> {
    #[repr(C)]
    struct Descriptor {
        handle: usize,
        name: *const c_char,
        feature: *const c_char,
    }
    // SAFETY: an array of descriptors; names are C strings or null (`plugins/api.c`).
    let named: Vec<(usize, &CStr)> = unsafe {
        let array = &*(q().qemu_plugin_get_registers)();
        let descriptors =
            std::slice::from_raw_parts(array.data.cast::<Descriptor>(), array.length as usize);
        descriptors
            .iter()
            .filter(|one| !one.name.is_null())
            .map(|one| (one.handle, CStr::from_ptr(one.name)))
            .collect()
    };
    // The handle is gdb's number plus one (`plugins/api.c`).
    let find = |name: &'static str| {
        let found = named.iter().find(|(_, one)| one.to_bytes() == name.as_bytes());
        found
            .and_then(|(handle, _)| c_int::try_from(*handle).ok())
            .map(|handle| handle - 1)
            .ok_or(name)
    };
    Ok(RegisterNumbers { xpsr: find("xpsr")?, msp: find("msp")?, psp: find("psp")? })
}

/// The register with this number of gdb's; 0 if there is none. r0 to r15 are 0 to 15.
pub(crate) fn register(number: c_int) -> u32 {
    // SAFETY: the array is ours; four bytes are read only if four were written.
    unsafe {
        let array = (q().g_byte_array_new)();
        let mut value = [0; 4];
        if (q().gdb_read_register)(cpu(), array, number) == 4 && (*array).length == 4 {
            value.copy_from_slice(std::slice::from_raw_parts((*array).data, 4));
        }
        (q().g_byte_array_free)(array, 1);
        u32::from_ne_bytes(value)
    }
}

/// Leaves the block of guest code that called a hook, with program counter and
/// instruction count wound back to the hooked instruction.
///
/// # Safety
///
/// `return_address` must be that of a hook which generated code called, and no
/// frame between that hook and this call may own anything: QEMU jumps over them
/// with `siglongjmp` (`accel/tcg/cpu-exec-common.c`).
pub(crate) unsafe fn leave_block(return_address: usize) -> ! {
    // SAFETY: the caller's promise.
    unsafe { (q().cpu_loop_exit_restore)(cpu(), return_address) }
}

/// Asks for `translate` at each new block and `created` at each new processor.
pub(crate) fn hook(id: u64, translate: TranslateHook, created: CpuHook) {
    // SAFETY: during install, with the id that it was given.
    unsafe {
        (q().qemu_plugin_register_vcpu_tb_trans_cb)(id, translate);
        (q().qemu_plugin_register_vcpu_init_cb)(id, created);
    }
}

/// One instruction of a block that is being translated.
#[derive(Clone, Copy)]
pub(crate) struct Instruction(Opaque);

/// The instructions of `block`, which QEMU gave to the translation hook.
pub(crate) fn instructions(block: Opaque) -> impl Iterator<Item = Instruction> {
    // SAFETY: the block is the one that QEMU is translating just now.
    let count = unsafe { (q().qemu_plugin_tb_n_insns)(block) };
    // SAFETY: as above; the index is below the count.
    (0..count).map(move |index| Instruction(unsafe { (q().qemu_plugin_tb_get_insn)(block, index) }))
}

impl Instruction {
    /// Its address.
    pub(crate) fn address(self) -> u64 {
        // SAFETY: an instruction of the block that is being translated.
        unsafe { (q().qemu_plugin_insn_vaddr)(self.0) }
    }

    /// Its bytes, as far as four go.
    pub(crate) fn opcode(self) -> [u8; 4] {
        let mut bytes = [0; 4];
        // SAFETY: copies at most as many bytes as there is room for.
        unsafe { (q().qemu_plugin_insn_data)(self.0, bytes.as_mut_ptr(), bytes.len()) };
        bytes
    }

    /// Calls `hook` after each of its stores.
    pub(crate) fn on_store(self, hook: MemoryHook) {
        // SAFETY: as for `address`.
        unsafe {
            (q().qemu_plugin_register_vcpu_mem_cb)(self.0, hook, NO_REGISTERS, STORES, null_mut())
        }
    }

    /// Calls `hook` before it runs.
    pub(crate) fn before(self, hook: ExecHook) {
        // SAFETY: as for `address`.
        unsafe {
            (q().qemu_plugin_register_vcpu_insn_exec_cb)(self.0, hook, NO_REGISTERS, null_mut())
        }
    }

    /// The same, with registers to be read and its own address given.
    pub(crate) fn before_with_registers(self, hook: ExecHook) {
        let address = pack(usize::try_from(self.address()).unwrap_or(usize::MAX));
        // SAFETY: as for `address`.
        unsafe {
            (q().qemu_plugin_register_vcpu_insn_exec_cb)(self.0, hook, READ_REGISTERS, address)
        }
    }
}

/// The low byte that a store wrote; `information` is what the memory hook was given.
pub(crate) fn stored_byte(information: u32) -> u8 {
    // SAFETY: in a memory hook, with its own argument.
    let value = unsafe { (q().qemu_plugin_mem_get_value)(information) };
    value.data[0].to_le_bytes()[0]
}

/// A number for QEMU to keep and to give back.
pub(crate) fn pack(index: usize) -> Opaque {
    std::ptr::without_provenance_mut(index)
}

/// The number that QEMU gave back.
pub(crate) fn unpack(value: Opaque) -> usize {
    value.addr()
}

fn number(line: u32) -> c_int {
    c_int::try_from(line).expect("the line exists, so its number is small")
}
