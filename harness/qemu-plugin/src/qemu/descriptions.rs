//! What QEMU says of its parts for snapshots, changed where its own way would change
//! what follows.
//!
//! A part may have a function that is called when it was loaded. Two of them are for
//! snapshots that are loaded into another process:
//!
//! - After a processor QEMU drops all code that it has translated, because its
//!   snapshots write memory behind its back (`cpu-target.c`, `cpu_common_post_load`).
//!   [`super::Block::give_back`] drops what must be dropped, so all the rest is spared:
//!   to translate it again takes longer than a restore. QEMU also forgets where the
//!   processor's addresses lead. Only memory protection can change that, and without
//!   an MPU it is spared too: often forgotten, QEMU makes the table of it larger and
//!   larger (`accel/tcg/cputlb.c`, `tlb_mmu_resize_locked`).
//! - A timer of the nRF51 works its deadline out anew, from the present time and not
//!   from its last tick, and so by up to a tick elsewhere (`hw/timer/nrf51_timer.c`,
//!   `nrf51_timer_post_load`). The deadline itself is loaded too.

use std::ffi::{CStr, c_char, c_int};
use std::ptr::{from_mut, null_mut};
use std::sync::OnceLock;

use super::{Opaque, q};

/// The class of the nRF51's timers (`include/hw/timer/nrf51_timer.h`).
const TIMER: &CStr = c"nrf51_soc.timer";
/// The property of a processor with an MPU that says how many regions that has
/// (`target/arm/cpu.c`).
const MPU: &CStr = c"pmsav7-dregion";
/// `VMSTATE_INSTANCE_ID_ANY` (`include/migration/vmstate.h`).
const ANY: c_int = -1;

/// `VMStateDescription` (`include/migration/vmstate.h`).
#[repr(C)]
#[derive(Clone, Copy)]
struct Description {
    name: *const c_char,
    flags: [bool; 4],
    versions: [c_int; 2],
    priority: c_int,
    before_load: usize,
    after_load: Option<AfterLoad>,
    /// Functions, then fields and subsections.
    others: [usize; 6],
}

type AfterLoad = extern "C" fn(Opaque, c_int) -> c_int;

/// Whether it is done, or why it cannot be.
static CHANGED: OnceLock<Result<(), &'static str>> = OnceLock::new();

/// Changes what must be changed, when it is first called: in the main loop, with the
/// machine built and stopped.
pub(super) fn change() -> Result<(), &'static str> {
    *CHANGED.get_or_init(|| {
        let processors = (0..).map(|number| {
            // SAFETY: gives null for a number that no processor has.
            (number, unsafe { (q().qemu_get_cpu)(number) })
        });
        for (number, processor) in processors.take_while(|(_, processor)| !processor.is_null()) {
            // SAFETY: a processor, which is an object, and a C string.
            let mpu = unsafe { (q().object_property_find)(processor, MPU.as_ptr()) };
            let after_load: Option<AfterLoad> = (!mpu.is_null()).then_some(forget_addresses);
            let description = q().vmstate_cpu_common.cast();
            replace(processor, number, description, c"cpu_common", after_load)?;
        }
        for timer in all_of(TIMER) {
            // SAFETY: a device; its class says how it is kept.
            let description = unsafe { (q().qdev_get_vmsd)(timer) }.cast();
            replace(timer, ANY, description, TIMER, None)?;
        }
        Ok(())
    })
}

/// Has `part`, of which QEMU has registered `description` with this name, kept by a
/// copy of it with another function.
fn replace(
    part: Opaque,
    number: c_int,
    description: *const Description,
    name: &CStr,
    after_load: Option<AfterLoad>,
) -> Result<(), &'static str> {
    const STRANGE: &str = "it describes its parts in another way";
    // SAFETY: null, or a description of QEMU's, which lives for ever.
    let mut copy = *unsafe { description.as_ref() }.ok_or(STRANGE)?;
    // SAFETY: its name is a C string.
    if unsafe { CStr::from_ptr(copy.name) } != name || copy.after_load.is_none() {
        return Err(STRANGE);
    }
    copy.after_load = after_load;
    let copy: *const Description = Box::leak(Box::new(copy));
    // SAFETY: both are descriptions of the part, which lives for ever as they do. The
    // copy is registered as QEMU registers them (`hw/core/cpu-system.c`, `hw/core/qdev.c`).
    let failed = unsafe {
        (q().vmstate_unregister)(null_mut(), description.cast(), part);
        let (copy, none) = (copy.cast(), null_mut());
        (q().vmstate_register_with_alias_id)(null_mut(), number, copy, part, -1, 0, none)
    };
    if failed == 0 { Ok(()) } else { Err(STRANGE) }
}

/// A processor with an MPU was loaded: its addresses may lead to other places.
extern "C" fn forget_addresses(processor: Opaque, _version: c_int) -> c_int {
    // SAFETY: a processor of QEMU's.
    unsafe { (q().tlb_flush)(processor) };
    0
}

/// What is looked for among all objects, and what was found.
struct Search {
    class: &'static CStr,
    found: Vec<Opaque>,
}

/// All objects of a class.
fn all_of(class: &'static CStr) -> Vec<Opaque> {
    let mut search = Search { class, found: Vec::new() };
    // SAFETY: calls `look_at` with the search, and nobody keeps it.
    unsafe {
        let root = (q().object_get_root)();
        (q().object_child_foreach_recursive)(root, look_at, from_mut(&mut search).cast());
    }
    search.found
}

extern "C" fn look_at(object: Opaque, search: Opaque) -> c_int {
    // SAFETY: an object of QEMU's, and the search of `all_of`.
    unsafe {
        let search = &mut *search.cast::<Search>();
        if !(q().object_dynamic_cast)(object, search.class.as_ptr()).is_null() {
            search.found.push(object);
        }
    }
    0
}
