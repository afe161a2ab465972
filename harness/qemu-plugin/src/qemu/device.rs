//! Devices, and the lines between them.

use std::ffi::{CString, c_char, c_int};
use std::ptr::{null, null_mut};

use super::{LineCallback, Opaque, pack, q};

/// A device by its path in QEMU's object tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Device(Opaque);

/// One end of a line between devices (`qemu_irq`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line(Opaque);

// SAFETY: a handle; QEMU's big lock guards what it stands for.
unsafe impl Send for Line {}

/// The object at `path`; `None` if there is none.
pub(super) fn find_object(path: &str) -> Option<Opaque> {
    let path = CString::new(path).ok()?;
    // SAFETY: a C string; null asks for no answer about ambiguity.
    let object = unsafe { (q().object_resolve_path)(path.as_ptr(), null_mut()) };
    (!object.is_null()).then_some(object)
}

impl Device {
    /// The device at `path`; `None` if there is nothing, or no device.
    pub(crate) fn find(path: &str) -> Option<Device> {
        let object = find_object(path)?;
        // SAFETY: a C string. A `DeviceState` begins with its `Object`, so the
        // pointer serves as both.
        let device = unsafe { (q().object_dynamic_cast)(object, c"device".as_ptr()) };
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

fn number(line: u32) -> c_int {
    c_int::try_from(line).expect("the line exists, so its number is small")
}
