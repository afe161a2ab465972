//! A second core: made, asked, put to sleep and woken.
//!
//! QEMU runs all cores in one thread, each for a while (10.0.2,
//! `accel/tcg/tcg-accel-ops-rr.c`). The functions that say so below are for queued
//! work only: there no core is running, and the big lock is held.

use std::cell::OnceCell;
use std::ffi::CStr;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use super::device::find_object;
use super::{HALT, Line, Map, Opaque, Work, cpu, q};

/// `CPU_INTERRUPT_EXITTB` (`include/exec/cpu-all.h`): a reason to go on for a core that sleeps.
const EXIT_BLOCK: i32 = 4;

static SECOND: AtomicPtr<std::ffi::c_void> = AtomicPtr::new(null_mut());
/// The core whose registers are asked for while none is running.
static SHOWN: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// QEMU's variable `current_cpu` of this thread.
    static CURRENT: OnceCell<*const Opaque> = const { OnceCell::new() };
}

/// Whether there is a second core.
pub(crate) fn are_two() -> bool {
    !SECOND.load(Ordering::Acquire).is_null()
}

/// The core that runs in this thread, or ran last; null in the main loop's.
fn current() -> Opaque {
    CURRENT.with(|place| {
        // SAFETY: a variable of each thread; null if QEMU has no such symbol.
        let place = *place.get_or_init(|| unsafe {
            libc::dlsym(libc::RTLD_DEFAULT, c"current_cpu".as_ptr()).cast_const().cast()
        });
        // SAFETY: the variable lives as long as its thread, which is this one.
        if place.is_null() { null_mut() } else { unsafe { place.read() } }
    })
}

/// The number of the core that calls. The number that QEMU gives to hooks is that
/// of the core for which their block was translated first (10.0.2, `accel/tcg/plugin-gen.c`).
pub(crate) fn core() -> usize {
    usize::from(are_two() && current() == SECOND.load(Ordering::Acquire))
}

/// The core that calls, or the one that is to be shown.
pub(super) fn running() -> Opaque {
    if !are_two() {
        return cpu();
    }
    let current = current();
    if current.is_null() { numbered(shown()) } else { current }
}

/// Registers are those of this core from now on, while none runs.
pub(crate) fn show(core: usize) {
    SHOWN.store(core, Ordering::Release);
}

/// Which core that is, for checkpoints.
pub(crate) fn shown() -> usize {
    SHOWN.load(Ordering::Acquire)
}

fn numbered(core: usize) -> Opaque {
    if core == 0 { cpu() } else { SECOND.load(Ordering::Acquire) }
}

/// What a second core is made of.
#[derive(Debug)]
pub(crate) struct SecondCore {
    /// Its kind (`-cpu help`).
    pub(crate) kind: &'static CStr,
    /// How many interrupts it has.
    pub(crate) lines: u32,
    /// Path of its clock.
    pub(crate) clock: &'static str,
}

/// The path of the second core's container.
pub(crate) const SECOND_PATH: &str = "/machine/chip-core1";

/// Makes it, with its memory as `map` has it; gives its interrupts.
pub(crate) fn add_core(wanted: &SecondCore, map: &Map) -> Result<Vec<Line>, String> {
    let clock =
        find_object(wanted.clock).ok_or_else(|| format!("no clock at `{}`", wanted.clock))?;
    let mut error = null_mut();
    // SAFETY: main thread, while the machine is built; names are C strings of
    // properties that `armv7m` has (`hw/arm/armv7m.c`), values are of their types.
    let made = unsafe {
        let core = (q().qdev_new)(c"armv7m".as_ptr());
        (q().object_property_add_child)((q().qdev_get_machine)(), c"chip-core1".as_ptr(), core);
        (q().qdev_prop_set_string)(core, c"cpu-type".as_ptr(), wanted.kind.as_ptr());
        (q().qdev_prop_set_uint32)(core, c"num-irq".as_ptr(), wanted.lines);
        (q().qdev_connect_clock_in)(core, c"cpuclk".as_ptr(), clock);
        (q().object_property_set_link)(core, c"memory".as_ptr(), map.container(), &raw mut error)
            && (q().sysbus_realize)(core, &raw mut error)
    };
    if !made {
        return Err(format!("QEMU cannot make a second core: {}", text(error)));
    }
    // SAFETY: the processor with the number 1 is the one that was just made.
    SECOND.store(unsafe { (q().qemu_get_cpu)(1) }, Ordering::Release);
    if !are_two() {
        return Err("QEMU made a second core and does not show it".to_owned());
    }
    super::inputs(SECOND_PATH, wanted.lines)
}

/// What an `Error` of QEMU's says.
fn text(error: Opaque) -> String {
    // SAFETY: an error that a function above has set.
    unsafe {
        if error.is_null() {
            return "it does not say why".to_owned();
        }
        CStr::from_ptr((q().error_get_pretty)(error)).to_string_lossy().into_owned()
    }
}

/// Has `work` done with `data` by the thread of the cores, before `core` runs on.
/// No core runs before that if `work` is queued for both.
pub(crate) fn run_on(core: usize, work: Work, data: u64) {
    // SAFETY: as for `run_on_cpu`.
    unsafe { (q().async_run_on_cpu)(numbered(core), work, data) }
}

/// Does nothing, as work.
extern "C" fn nothing(_cpu: Opaque, _data: u64) {}

/// Has `core` not run before all work is done that is queued by now.
pub(crate) fn hold(core: usize) {
    run_on(core, nothing, 0);
}

/// Whether work waits for `core`.
pub(crate) fn has_work(core: usize) -> bool {
    // SAFETY: reads one variable.
    unsafe { !(q().cpu_work_list_empty)(numbered(core)) }
}

/// Whether `core` has nothing to do: it sleeps and no interrupt is there for it,
/// or it has no power. Queued work only.
pub(crate) fn is_idle(core: usize) -> bool {
    // SAFETY: reads variables of the core.
    unsafe { (q().cpu_thread_is_idle)(numbered(core)) }
}

/// `core` does not run until it is [`let_run`], whatever interrupts there are.
/// Queued work only.
pub(crate) fn keep_from_running(core: usize) {
    // SAFETY: the thread of the cores, so it is done at once (`system/cpus.c`).
    unsafe { (q().cpu_pause)(numbered(core)) }
}

/// The opposite. Queued work only, while the machine runs.
pub(crate) fn let_run(core: usize) {
    // SAFETY: as above.
    unsafe { (q().cpu_resume)(numbered(core)) }
}

/// `core` sleeps until its next interrupt, or until it is woken. Queued work only.
///
/// The request to halt is taken before any instruction, but only when the core is
/// run next; so it is run here, and it comes back at once (`accel/tcg/cpu-exec.c`,
/// `cpu_handle_interrupt`). That takes the big lock, so it must be given up.
pub(crate) fn fall_asleep(core: usize) {
    // SAFETY: as for `halt`; no core is running, and this is their thread.
    unsafe {
        (q().cpu_interrupt)(numbered(core), HALT);
        (q().bql_unlock)();
        (q().cpu_exec)(numbered(core));
        (q().bql_lock_impl)(c"replab".as_ptr(), 0);
    }
}

/// Ends the sleep of `core`. Queued work only.
pub(crate) fn wake(core: usize) {
    // SAFETY: as for `halt`.
    unsafe { (q().cpu_interrupt)(numbered(core), EXIT_BLOCK) }
}

/// The second core gets power and begins anew, or loses it, by work that this queues for it.
pub(crate) fn power_second(on: bool) {
    // SAFETY: big lock held; the number is the one that QEMU gave the second
    // processor (`target/arm/arm-powerctl.c`).
    unsafe {
        if on {
            (q().arm_set_cpu_on_and_reset)(1);
        } else {
            (q().arm_set_cpu_off)(1);
        }
    }
}

/// The interrupt controller and the tick of the second core are as new: a reset of
/// the processor is not one of these (`hw/arm/armv7m.c`, 10.0.2). The levels of its
/// interrupts are forgotten. Queued work only.
pub(crate) fn reset_controller_of_second() {
    for part in ["nvic", "systick-reg-ns"] {
        if let Some(device) = find_object(&format!("{SECOND_PATH}/{part}")) {
            // SAFETY: both are devices.
            unsafe { (q().device_cold_reset)(device) }
        }
    }
}

/// The second core begins anew at once. In the handler of a reset only: work that
/// is queued there would come too late.
pub(crate) fn reset_second() {
    // SAFETY: main loop, no core runs.
    unsafe { (q().cpu_reset)(numbered(1)) }
}

/// Does `what` with the big lock, in a hook.
pub(crate) fn with_big_lock<T>(what: impl FnOnce() -> T) -> T {
    // SAFETY: hooks run without it.
    unsafe { (q().bql_lock_impl)(c"replab".as_ptr(), 0) };
    let result = what();
    // SAFETY: taken above.
    unsafe { (q().bql_unlock)() };
    result
}
