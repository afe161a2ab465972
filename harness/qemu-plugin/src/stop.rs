//! The one way in which a machine stops.
//!
//! Every reason is found somewhere else: in a hook of guest code, a timer, a line
//! handler. There it is only filed, and work is queued for the processor's
//! thread. Queued work ends the current block, so a stop that an MMIO access
//! caused comes right behind it. [`carry_out`] then waits for the main loop to
//! stop the machine, and [`changed`] gives the answer to `go`.

use std::ffi::c_int;

use crate::lab::{Reason, lab};
use crate::qemu::{self, Opaque};
use crate::session;

/// Files a stop. Safe in every hook and callback.
pub(crate) fn request(reason: Reason) {
    if lab().file(reason) {
        carry_out_soon();
    }
}

/// Has the filed stop carried out.
pub(crate) fn carry_out_soon() {
    qemu::run_on_cpu(carry_out);
}

extern "C" fn carry_out(_cpu: Opaque, _data: u64) {
    if !lab().is_filed() || !qemu::is_running() {
        return; // Somebody else stopped the machine meanwhile.
    }
    // All that is due at this nanosecond happens before the stop, whichever thread is faster.
    qemu::run_timers();
    qemu::stop_and_wait();
}

/// Called by the timer of `go`. Where the processor sleeps, the main loop runs the
/// timer, and can stop the machine without the detour through the other thread.
pub(crate) extern "C" fn time_has_come(_index: Opaque) {
    request(Reason::Time);
    if qemu::is_running() && !qemu::is_processors_thread() {
        qemu::stop_at_once();
    }
}

/// Called in the main loop after all processors were started or have come to rest.
pub(crate) extern "C" fn changed(_opaque: Opaque, running: bool, state: c_int) {
    if running {
        return; // Arming a timer here would move the clock: the processors still count as asleep.
    }
    session::disarm();
    lab().stopped(qemu::now(), if state == qemu::PAUSED { "other" } else { "end" });
}
