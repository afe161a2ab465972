//! QEMU's end by `abort()`, held up as long as somebody asks questions.
//!
//! A lockup of the processor is an `abort()` of QEMU's (`hw/intc/armv7m_nvic.c`,
//! 10.0.2), and with it all that could explain it would be gone. `abort()` raises
//! SIGABRT in the thread that calls it, so a handler runs there like a function
//! that it calls, with the process' memory whole. In the processor's thread it
//! has the big lock, so QEMU's main loop stands still, and commands are taken
//! from the socket here: those that only read. When the socket ends, or if
//! anything is not as described, the process ends as it would have without this.

use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::lab;
use crate::qemu;
use crate::socket;

/// What is said on standard error behind the last words of QEMU's: whoever has
/// read this has read those.
const SAID: &str = "replab-qemu-plugin: QEMU aborts";

static BEGUN: AtomicBool = AtomicBool::new(false);

/// Handles SIGABRT from now on.
pub(crate) fn hold_up() {
    qemu::on_abort(aborts);
}

extern "C" fn aborts(_signal: c_int, information: *mut libc::siginfo_t, _context: qemu::Opaque) {
    if qemu::is_own_abort(information) && !BEGUN.swap(true, Ordering::AcqRel) {
        answer();
    }
    qemu::abort_at_last();
}

fn answer() {
    if !qemu::is_processors_thread() || !qemu::has_big_lock() {
        return;
    }
    eprintln!("{SAID}");
    let now = qemu::now();
    // This thread may hold the lock itself.
    let Some(mut lab) = lab::try_lab() else { return };
    lab.aborted(now);
    drop(lab);
    socket::serve_the_rest();
}
