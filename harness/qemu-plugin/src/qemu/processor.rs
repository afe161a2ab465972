//! The processor: its registers, and hooks in the code that it runs.

use std::ffi::{CStr, c_char, c_int};
use std::ptr::null_mut;

use super::cores::running;
use super::{CpuHook, ExecHook, LoadHook, Opaque, TranslateHook, pack, q};

/// `QEMU_PLUGIN_CB_NO_REGS`, `QEMU_PLUGIN_CB_R_REGS` (`include/qemu/qemu-plugin.h`).
const NO_REGISTERS: c_int = 0;
const READ_REGISTERS: c_int = 1;
/// `QEMU_PLUGIN_MEM_R`.
const LOADS: c_int = 1;

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
        if (q().gdb_read_register)(running(), array, number) == 4 && (*array).length == 4 {
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
    unsafe { (q().cpu_loop_exit_restore)(running(), return_address) }
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

    /// Calls `hook` before it runs.
    pub(crate) fn before(self, hook: ExecHook) {
        // SAFETY: as for `address`.
        unsafe {
            (q().qemu_plugin_register_vcpu_insn_exec_cb)(self.0, hook, NO_REGISTERS, null_mut())
        }
    }

    /// Calls `hook` after each load that it makes, with the address.
    pub(crate) fn after_load(self, hook: LoadHook) {
        // SAFETY: as for `address`.
        unsafe {
            (q().qemu_plugin_register_vcpu_mem_cb)(self.0, hook, NO_REGISTERS, LOADS, null_mut())
        }
    }

    /// Calls `hook` after each load that it makes, with registers to be read and its
    /// own address given.
    pub(crate) fn after_load_with_registers(self, hook: LoadHook) {
        let address = pack(usize::try_from(self.address()).unwrap_or(usize::MAX));
        // SAFETY: as for `address`.
        unsafe {
            (q().qemu_plugin_register_vcpu_mem_cb)(self.0, hook, READ_REGISTERS, LOADS, address)
        }
    }

    /// Calls `hook` before it runs, with registers to be read and its own address given.
    pub(crate) fn before_with_registers(self, hook: ExecHook) {
        let address = pack(usize::try_from(self.address()).unwrap_or(usize::MAX));
        // SAFETY: as for `address`.
        unsafe {
            (q().qemu_plugin_register_vcpu_insn_exec_cb)(self.0, hook, READ_REGISTERS, address)
        }
    }
}
