//! How QEMU's process ends.

use std::ffi::c_int;
use std::ptr::null_mut;

use super::Opaque;

/// Ends the process at once, without QEMU's own end: the lab is gone.
pub(crate) fn leave() -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(3) }
}

/// Has `handler` called when the process aborts.
pub(crate) fn on_abort(handler: extern "C" fn(c_int, *mut libc::siginfo_t, Opaque)) {
    // SAFETY: a zeroed structure with the handler filled in is a valid one.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO;
        libc::sigaction(libc::SIGABRT, &raw const action, null_mut());
    }
}

/// Whether a signal comes from its own thread (`raise`, as in `abort`), and from nobody else.
pub(crate) fn is_own_abort(information: *const libc::siginfo_t) -> bool {
    // SAFETY: what a handler with `SA_SIGINFO` is given.
    unsafe { (*information).si_code == libc::SI_TKILL && (*information).si_pid() == libc::getpid() }
}

/// Ends the process as `abort` does where nobody handles it. For handlers only: it
/// takes effect when they return.
pub(crate) fn abort_at_last() {
    // SAFETY: sets the default and sends the signal to this thread, which blocks it until then.
    unsafe {
        libc::signal(libc::SIGABRT, libc::SIG_DFL);
        libc::raise(libc::SIGABRT);
    }
}

/// Waits until there is something to read from `descriptor`, or its end.
pub(crate) fn wait_for(descriptor: c_int) {
    let mut ready = libc::pollfd { fd: descriptor, events: libc::POLLIN, revents: 0 };
    // SAFETY: one structure. What went wrong is seen by who reads then.
    unsafe {
        libc::poll(&raw mut ready, 1, -1);
    }
}
