//! The functions of QEMU that the plugin calls, found by name at install.
//!
//! Signatures are those of 10.0.2. The first group is QEMU's plugin interface
//! (`include/qemu/qemu-plugin.h`, version 4); the others are internals, which
//! Debian's build exports because it is built with `--enable-modules`.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::mem::transmute;

/// Any object of QEMU's, or a value that it hands back unread.
pub(crate) type Opaque = *mut c_void;

/// The public head of glib's `GArray` and `GByteArray` (`glib/garray.h`).
#[repr(C)]
pub(crate) struct ArrayHead {
    pub(crate) data: *mut u8,
    pub(crate) length: c_uint,
}

/// `VersionInfo` of `qapi/control.json`.
#[repr(C)]
pub(crate) struct VersionInfo {
    pub(crate) qemu: *const VersionTriple,
    pub(crate) package: *const c_char,
}

/// `VersionTriple` of `qapi/control.json`.
#[repr(C)]
pub(crate) struct VersionTriple {
    pub(crate) major: i64,
    pub(crate) minor: i64,
    pub(crate) micro: i64,
}

pub(crate) type TranslateHook = extern "C" fn(u64, Opaque);
pub(crate) type CpuHook = extern "C" fn(u64, c_uint);
pub(crate) type ExecHook = unsafe extern "C" fn(c_uint, Opaque);
pub(crate) type LoadHook = extern "C" fn(c_uint, u32, u64, Opaque);
pub(crate) type Callback = extern "C" fn(Opaque);
pub(crate) type LineCallback = extern "C" fn(Opaque, c_int, c_int);
pub(crate) type StateCallback = extern "C" fn(Opaque, bool, c_int);
pub(crate) type Work = extern "C" fn(Opaque, u64);
/// Called for each of many; 0 asks for the next one.
pub(crate) type EachCallback = extern "C" fn(Opaque, Opaque) -> c_int;

/// `MemoryRegionOps` (`include/exec/memory.h`): what a region of registers does.
#[repr(C)]
pub(crate) struct RegionOperations {
    pub(crate) read: extern "C" fn(Opaque, u64, c_uint) -> u64,
    pub(crate) write: extern "C" fn(Opaque, u64, u64, c_uint),
    /// Functions that are given attributes of the access; none here.
    pub(crate) with_attributes: [usize; 2],
    pub(crate) endianness: c_int,
    pub(crate) valid: RegionAccesses,
    pub(crate) implemented: RegionSizes,
}

/// Which accesses a region takes.
#[repr(C)]
pub(crate) struct RegionAccesses {
    pub(crate) sizes: RegionSizes,
    /// Whether it takes one: address, size, whether it is a store, attributes.
    pub(crate) accepts: Option<extern "C" fn(Opaque, u64, c_uint, bool, u64) -> bool>,
}

/// Bytes that one access may have.
#[repr(C)]
pub(crate) struct RegionSizes {
    pub(crate) least: c_uint,
    pub(crate) most: c_uint,
    pub(crate) unaligned: bool,
}

/// `Notifier` (`include/qemu/notify.h`).
#[repr(C)]
pub(crate) struct Notifier {
    pub(crate) notify: extern "C" fn(*mut Notifier, Opaque),
    pub(crate) link: [usize; 2],
}

macro_rules! table {
    ($($name:ident($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// All of them.
        #[derive(Clone, Copy)]
        pub(crate) struct Table {
            $(pub(crate) $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
            /// The queue of processors; its first word is the first of them (`include/hw/core/cpu.h`).
            pub(crate) cpus_queue: *const Opaque,
            /// What is kept of each processor, beside its architecture's own (`cpu-target.c`).
            pub(crate) vmstate_cpu_common: *const c_void,
        }

        impl Table {
            /// Looks all of them up; `Err` names the first that this QEMU does not export.
            pub(crate) fn find() -> Result<Table, &'static str> {
                Ok(Table {
                    $($name: {
                        let name = concat!(stringify!($name), "\0");
                        // SAFETY: the symbol is QEMU's function of that name, whose
                        // signature in 10.0.2 is the one written in the table below;
                        // other builds are refused by the lab at `hello`, before any
                        // other of these is called.
                        unsafe { transmute::<Opaque, unsafe extern "C" fn($($argument),*) $(-> $result)?>(symbol(name)?) }
                    },)*
                    cpus_queue: symbol("cpus_queue\0")?.cast(),
                    vmstate_cpu_common: symbol("vmstate_cpu_common\0")?,
                })
            }
        }
    };
}

table! {
    // include/qemu/qemu-plugin.h
    qemu_plugin_register_vcpu_tb_trans_cb(u64, TranslateHook);
    qemu_plugin_register_vcpu_init_cb(u64, CpuHook);
    qemu_plugin_tb_n_insns(*const c_void) -> usize;
    qemu_plugin_tb_get_insn(*const c_void, usize) -> Opaque;
    qemu_plugin_insn_vaddr(*const c_void) -> u64;
    qemu_plugin_insn_data(*const c_void, *mut u8, usize) -> usize;
    qemu_plugin_register_vcpu_insn_exec_cb(Opaque, ExecHook, c_int, Opaque);
    qemu_plugin_register_vcpu_mem_cb(Opaque, LoadHook, c_int, c_int, Opaque);
    qemu_plugin_get_registers() -> *mut ArrayHead;
    // include/qemu/timer.h
    qemu_clock_get_ns(c_int) -> i64;
    qemu_clock_run_timers(c_int) -> bool;
    timer_init_full(Opaque, Opaque, c_int, c_int, c_int, Callback, Opaque);
    timer_mod_ns(Opaque, i64);
    timer_del(Opaque);
    // include/exec/icount.h (10.0: include/system/cpu-timers.h)
    icount_update(Opaque);
    // include/system/runstate.h
    vm_start();
    vm_stop(c_int) -> c_int;
    qemu_system_vmstop_request_prepare();
    qemu_system_vmstop_request(c_int);
    runstate_is_running() -> bool;
    qemu_add_vm_change_state_handler(StateCallback, Opaque) -> Opaque;
    qemu_system_reset_request(c_int);
    // include/system/reset.h
    qemu_register_reset(Callback, Opaque);
    // include/qemu/main-loop.h
    bql_locked() -> bool;
    bql_unlock();
    bql_lock_impl(*const c_char, c_int);
    qemu_set_fd_handler(c_int, Option<Callback>, Option<Callback>, Opaque);
    // include/hw/core/cpu.h; the last argument is a union of 8 bytes
    async_run_on_cpu(Opaque, Work, u64);
    qemu_cpu_is_self(Opaque) -> bool;
    cpu_interrupt(Opaque, c_int);
    qemu_get_cpu(c_int) -> Opaque;
    cpu_pause(Opaque);
    cpu_resume(Opaque);
    cpu_reset(Opaque);
    // include/system/cpus.h; target/arm/arm-powerctl.h
    cpu_thread_is_idle(Opaque) -> bool;
    cpu_work_list_empty(Opaque) -> bool;
    arm_set_cpu_on_and_reset(u64) -> c_int;
    arm_set_cpu_off(u64) -> c_int;
    // include/exec/cpu-all.h, include/exec/exec-all.h
    cpu_memory_rw_debug(Opaque, u64, *mut u8, usize, bool) -> c_int;
    cpu_loop_exit_restore(Opaque, usize) -> !;
    cpu_exec(Opaque) -> c_int;
    // include/exec/memory.h, include/exec/cpu-common.h; the attributes of an access are a structure of up to 8 bytes
    cpu_get_address_space(Opaque, c_int) -> Opaque;
    address_space_map(Opaque, u64, *mut u64, bool, u64) -> Opaque;
    address_space_unmap(Opaque, Opaque, u64, bool, u64);
    memory_region_from_host(Opaque, *mut u64) -> Opaque;
    memory_region_init(Opaque, Opaque, *const c_char, u64);
    memory_region_init_io(Opaque, Opaque, *const RegionOperations, Opaque, *const c_char, u64);
    memory_region_init_ram(Opaque, Opaque, *const c_char, u64, *mut Opaque) -> bool;
    memory_region_init_rom(Opaque, Opaque, *const c_char, u64, *mut Opaque) -> bool;
    memory_region_init_rom_device(Opaque, Opaque, *const RegionOperations, Opaque, *const c_char, u64, *mut Opaque) -> bool;
    memory_region_init_alias(Opaque, Opaque, *const c_char, Opaque, u64, u64);
    memory_region_add_subregion_overlap(Opaque, u64, Opaque, c_int);
    memory_region_get_ram_ptr(Opaque) -> Opaque;
    memory_region_transaction_begin();
    memory_region_transaction_commit();
    // include/system/system.h; include/hw/clock.h
    qemu_add_machine_init_done_notifier(*mut Notifier);
    clock_set(Opaque, u64) -> bool;
    clock_propagate(Opaque);
    // include/qemu/guest-random.h
    qemu_guest_getrandom_nofail(*mut u8, usize);
    // include/exec/gdbstub.h
    gdb_read_register(Opaque, *mut ArrayHead, c_int) -> c_int;
    // glib/garray.h
    g_byte_array_new() -> *mut ArrayHead;
    g_byte_array_free(*mut ArrayHead, c_int) -> Opaque;
    // include/qom/object.h
    object_resolve_path(*const c_char, *mut bool) -> Opaque;
    object_dynamic_cast(Opaque, *const c_char) -> Opaque;
    object_property_find(Opaque, *const c_char) -> Opaque;
    object_class_by_name(*const c_char) -> Opaque;
    object_get_root() -> Opaque;
    object_child_foreach_recursive(Opaque, EachCallback, Opaque) -> c_int;
    object_property_add_child(Opaque, *const c_char, Opaque) -> Opaque;
    object_property_set_link(Opaque, *const c_char, Opaque, *mut Opaque) -> bool;
    // include/qapi/error.h
    error_get_pretty(Opaque) -> *const c_char;
    // include/hw/qdev-core.h, include/hw/qdev-properties.h, include/hw/qdev-clock.h,
    // include/hw/sysbus.h, include/hw/irq.h
    qdev_get_vmsd(Opaque) -> *const c_void;
    qdev_new(*const c_char) -> Opaque;
    device_cold_reset(Opaque);
    qdev_get_machine() -> Opaque;
    qdev_prop_set_string(Opaque, *const c_char, *const c_char);
    qdev_prop_set_uint32(Opaque, *const c_char, u32);
    qdev_connect_clock_in(Opaque, *const c_char, Opaque);
    sysbus_realize(Opaque, *mut Opaque) -> bool;
    qdev_get_gpio_in_named(Opaque, *const c_char, c_int) -> Opaque;
    qdev_intercept_gpio_out(Opaque, Opaque, *const c_char, c_int) -> Opaque;
    qemu_allocate_irq(LineCallback, Opaque, c_int) -> Opaque;
    qemu_set_irq(Opaque, c_int);
    // include/chardev/char.h
    qemu_chr_find(*const c_char) -> Opaque;
    qemu_chr_be_can_write(Opaque) -> c_int;
    qemu_chr_be_write(Opaque, *const u8, c_int);
    // migration/savevm.h, migration/qemu-file.h, migration/vmstate.h, migration/global_state.h
    qemu_save_device_state(Opaque) -> c_int;
    qemu_load_device_state(Opaque) -> c_int;
    qemu_file_new_output(Opaque) -> Opaque;
    qemu_file_new_input(Opaque) -> Opaque;
    qemu_put_buffer(Opaque, *const u8, usize);
    qemu_get_buffer(Opaque, *mut u8, usize) -> usize;
    qemu_fflush(Opaque) -> c_int;
    qemu_fclose(Opaque) -> c_int;
    global_state_store();
    vmstate_unregister(Opaque, *const c_void, Opaque);
    vmstate_register_with_alias_id(Opaque, c_int, *const c_void, Opaque, c_int, c_int, *mut Opaque) -> c_int;
    // include/io/channel.h, include/io/channel-buffer.h
    qio_channel_buffer_new(usize) -> Opaque;
    qio_channel_io_seek(Opaque, i64, c_int, *mut Opaque) -> i64;
    object_unref(Opaque);
    // include/hw/core/cpu.h, include/exec/cputlb.h, accel/tcg/internal-common.h
    run_on_cpu(Opaque, Work, u64);
    tlb_flush(Opaque);
    tb_invalidate_phys_range(u64, u64);
    // include/exec/cpu-common.h
    qemu_ram_foreach_block(EachCallback, Opaque) -> c_int;
    qemu_ram_get_host_addr(Opaque) -> *mut u8;
    qemu_ram_get_offset(Opaque) -> u64;
    qemu_ram_get_used_length(Opaque) -> u64;
    // glib/grand.h
    g_rand_copy(Opaque) -> Opaque;
    g_rand_int(Opaque) -> u32;
    g_rand_free(Opaque);
    // include/qemu/timer.h
    timer_expire_time_ns(Opaque) -> i64;
    // qapi/control.json
    qmp_query_version(*mut Opaque) -> *mut VersionInfo;
}

// SAFETY: function pointers, and the address of a variable that QEMU never moves.
unsafe impl Send for Table {}
// SAFETY: as above; nothing is written through it.
unsafe impl Sync for Table {}

/// The address of `name`, which ends with a zero byte.
fn symbol(name: &'static str) -> Result<Opaque, &'static str> {
    let text = CStr::from_bytes_with_nul(name.as_bytes())
        .expect("the table ends its names with a zero byte");
    // SAFETY: `text` is a C string; the default handle searches QEMU's own symbols.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, text.as_ptr()) };
    if address.is_null() { Err(name.trim_end_matches('\0')) } else { Ok(address) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_no_qemu_is_refused_by_the_name_of_what_it_lacks() {
        assert_eq!(Table::find().err(), Some("qemu_plugin_register_vcpu_tb_trans_cb"));
    }
}
