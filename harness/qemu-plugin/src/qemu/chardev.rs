//! The far ends of UARTs: chardevs of the kind `null`, whose bytes are taken
//! where a model of a UART hands them over.
//!
//! That is one call for each byte in the middle of the store that sends it
//! (`qemu_chr_fe_write`), in the processor's thread with the big lock held, so
//! the clock may be read there. A hook on every store, which would need to know
//! no class of QEMU's, costs a tenth of the time of all that the firmware does.

use std::ffi::{CStr, CString, c_int};
use std::sync::OnceLock;

use super::q;
use super::table::Opaque;

/// A chardev that the plugin serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chardev(Opaque);

// SAFETY: a handle; QEMU's big lock guards what it stands for.
unsafe impl Send for Chardev {}

/// The class of the chardevs that this serves, and its parent (`chardev/char-null.c`, `chardev/char.c`).
const NULL: &CStr = c"chardev-null";
const PARENT: &CStr = c"chardev";

/// The function of a class that takes bytes: `chr_write` of `ChardevClass`.
type Writer = extern "C" fn(Opaque, *const u8, c_int) -> c_int;

/// `ChardevClass` up to that function (`include/chardev/char.h`, 10.0.2).
#[repr(C)]
struct Class {
    /// `ObjectClass` (`include/qom/object.h`): 96 bytes.
    parent: [usize; 12],
    /// Two flags.
    flags: [bool; 8],
    parse: Option<extern "C" fn()>,
    open: Option<extern "C" fn()>,
    write: Option<Writer>,
}

/// Who gets the bytes.
static TAKER: OnceLock<fn(Chardev, u8)> = OnceLock::new();

/// Has `taker` called for each byte that goes to a chardev of the kind `null`.
///
/// # Errors
///
/// What is strange about QEMU's classes; then nothing is changed. The kind `null`
/// has a function of its own to be opened, and inherits the one that takes bytes;
/// its parent has only the latter. So a layout other than [`Class`] does not pass.
pub(crate) fn take_bytes(taker: fn(Chardev, u8)) -> Result<(), &'static str> {
    if TAKER.set(taker).is_err() {
        return Ok(());
    }
    let strange = "its chardevs have another layout";
    // SAFETY: C strings; both classes live for ever, are of at least this size in
    // the builds that the lab lets through, and are written by nobody else after start.
    unsafe {
        let class = (q().object_class_by_name)(NULL.as_ptr()).cast::<Class>();
        let parent = (q().object_class_by_name)(PARENT.as_ptr()).cast::<Class>();
        let (Some(class), Some(parent)) = (class.as_mut(), parent.as_ref()) else {
            return Err("it has no chardev of the kind `null`");
        };
        if parent.parse.is_some() || parent.open.is_some() || class.open.is_none() {
            return Err(strange);
        }
        let (Some(inherited), Some(own)) = (parent.write, class.write) else { return Err(strange) };
        if !std::ptr::fn_addr_eq(inherited, own) || !is_code(own) {
            return Err(strange);
        }
        class.write = Some(write);
    }
    Ok(())
}

/// Whether `function` lies in a loaded program or library.
fn is_code(function: Writer) -> bool {
    let mut found = std::mem::MaybeUninit::<libc::Dl_info>::uninit();
    // SAFETY: only looks the address up, and fills the structure if it returns a number but 0.
    unsafe { libc::dladdr(function as *const libc::c_void, found.as_mut_ptr()) != 0 }
}

/// What takes the place of `null_chr_write` (`chardev/char.c`), which takes all and does nothing.
extern "C" fn write(chardev: Opaque, bytes: *const u8, length: c_int) -> c_int {
    let count = usize::try_from(length).unwrap_or(0);
    if let Some(taker) = TAKER.get().filter(|_| count > 0) {
        // SAFETY: QEMU's promise: so many bytes are there.
        for byte in unsafe { std::slice::from_raw_parts(bytes, count) } {
            taker(Chardev(chardev), *byte);
        }
    }
    length
}

impl Chardev {
    /// The one with this id; `None` if there is none, or one of another kind.
    pub(crate) fn find(id: &str) -> Option<Chardev> {
        let id = CString::new(id).ok()?;
        // SAFETY: C strings. A `Chardev` begins with its `Object`, so the pointer serves as both.
        let found = unsafe {
            let chardev = (q().qemu_chr_find)(id.as_ptr());
            if chardev.is_null() {
                return None;
            }
            (q().object_dynamic_cast)(chardev, NULL.as_ptr())
        };
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
