//! Timers of machine time.

use std::ffi::c_int;
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Callback, Opaque, VIRTUAL, pack, q};

/// Nanoseconds per tick of our timers: `SCALE_NS` (`include/qemu/timer.h`).
const SCALE_NS: c_int = 1;

/// All timers, for checkpoints.
static ALL: Mutex<Vec<Timer>> = Mutex::new(Vec::new());
/// How often one was armed.
static ARMED: AtomicU64 = AtomicU64::new(0);

/// A timer of machine time, which lives for ever.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timer(&'static Storage);

// SAFETY: timers belong to QEMU, whose functions for them lock what they need.
unsafe impl Send for Timer {}

/// Room for a `QEMUTimer`: 48 bytes in 10.0.2 (`include/qemu/timer.h`), which only
/// QEMU writes.
#[derive(Debug)]
struct Storage {
    timer: Opaque,
    /// Which arming of all this timer's was.
    order: AtomicU64,
}

// SAFETY: as for `Timer`.
unsafe impl Sync for Storage {}

#[repr(C, align(16))]
struct Room([u8; 512]);

/// A timer that waits, and for when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Armed {
    timer: Timer,
    at: i64,
}

impl Timer {
    /// A timer that calls `callback` with `index`.
    pub(crate) fn new(callback: Callback, index: usize) -> Timer {
        let timer: Opaque = std::ptr::from_mut(Box::leak(Box::new(Room([0; 512])))).cast();
        // SAFETY: zeroed, large enough, aligned, and never moved or freed; a null
        // group is the main loop's.
        unsafe {
            (q().timer_init_full)(timer, null_mut(), VIRTUAL, SCALE_NS, 0, callback, pack(index));
        }
        let timer = Timer(Box::leak(Box::new(Storage { timer, order: AtomicU64::new(0) })));
        ALL.lock().expect("a panic ends the process").push(timer);
        timer
    }

    /// Fires at `ns`, and at no earlier deadline any more. In a callback of a
    /// timer this must come last: with a sleeping processor it moves the clock.
    pub(crate) fn at(self, ns: i64) {
        self.0.order.store(ARMED.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        // SAFETY: initialised in `new`.
        unsafe { (q().timer_mod_ns)(self.0.timer, ns) }
    }

    /// Does not fire.
    pub(crate) fn cancel(self) {
        // SAFETY: initialised in `new`.
        unsafe { (q().timer_del)(self.0.timer) }
    }

    /// All that wait, in the order in which they were armed: of two for the same
    /// time the one that was armed first fires first (`util/qemu-timer.c`).
    pub(crate) fn armed() -> Vec<Armed> {
        let mut all = ALL.lock().expect("a panic ends the process").clone();
        all.sort_by_key(|timer| timer.0.order.load(Ordering::Relaxed));
        let armed = all.into_iter().map(|timer| {
            // SAFETY: initialised in `new`.
            let at = unsafe { (q().timer_expire_time_ns)(timer.0.timer) };
            Armed { timer, at }
        });
        armed.filter(|armed| armed.at >= 0).collect()
    }

    /// Those that were `armed` wait again, and no others. While the machine stands:
    /// then arming moves no clock (`accel/tcg/icount-common.c`, `icount_start_warp_timer`).
    pub(crate) fn arm_as(armed: &[Armed]) {
        let all = ALL.lock().expect("a panic ends the process").clone();
        all.into_iter().for_each(Timer::cancel);
        armed.iter().for_each(|armed| armed.timer.at(armed.at));
    }
}
