//! The USB controller, of which only is seen that somebody enables it.

use crate::chip::peripheral::{Context, Effect};
use crate::chip::rp2040::boot_rom::{NO_PROGRAM, USB_BOOT};

use super::Rp2040;

/// MAIN_CTRL with CONTROLLER_EN (RP2040 data sheet §4.1.4).
pub(super) const MAIN_CTRL: u32 = 0x40;
pub(super) const CONTROLLER_EN: u32 = 1;
/// A word of flash that was erased.
const BLANK: u32 = u32::MAX;

impl Rp2040 {
    /// Notes whether it is enabled. A boot ROM does so to wait for another program (§2.8.1),
    /// because it was asked to or because it finds none.
    pub(super) fn look_at_usb(&mut self, context: &mut Context) {
        let is_on = self.usb.get(MAIN_CTRL) & CONTROLLER_EN != 0;
        if is_on && !self.is_usb_on {
            let first = self.ssi.first_word();
            let (call, argument) = if first == BLANK { (NO_PROGRAM, first) } else { (USB_BOOT, 0) };
            context.effects.push(Effect::GaveUpInRom { call, arguments: [argument, 0, 0] });
        }
        self.is_usb_on = is_on;
        self.spoken.usb |= is_on;
    }
}
