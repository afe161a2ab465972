//! The window through which our boot ROM asks for what the chip's own does with
//! code: erase and program flash, give up (`firmware/pico-rom/README.md`).

use serde::{Deserialize, Serialize};

use crate::chip::peripheral::{Context, Effect, Finding, Peripheral, Support, Write};

/// CALL, ARG0 to ARG3.
const CALL: u32 = 0x00;
const ARG0: u32 = 0x04;
const END: u32 = 0x14;
/// Values of CALL.
const ERASE: u32 = 1;
const PROGRAM: u32 = 2;
pub(super) const USB_BOOT: u32 = 3;
pub(super) const NO_PROGRAM: u32 = 4;
const NO_FUNCTION: u32 = 5;
const FAULT: u32 = 6;
/// Bytes that are erased and programmed together (§2.8.3.1.3).
const SECTOR: u32 = 4096;
const PAGE: u32 = 256;

/// See the head of this module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BootRom {
    /// First address and bytes of the flash.
    flash: (u32, u32),
    arguments: [u32; 4],
}

impl BootRom {
    /// For a flash at this address, with so many bytes.
    pub(crate) fn new(flash: u32, size: u32) -> BootRom {
        BootRom { flash: (flash, size), arguments: [0; 4] }
    }

    fn call(&self, what: u32) -> Effect {
        let [offset, second, third, _] = self.arguments;
        let (flash, size) = self.flash;
        let fits = |length: u32, unit: u32| {
            let is_whole = offset.is_multiple_of(unit) && length.is_multiple_of(unit);
            is_whole && offset <= size && length <= size - offset
        };
        match what {
            ERASE if fits(second, SECTOR) => Effect::Erase { at: flash + offset, length: second },
            PROGRAM if fits(third, PAGE) => {
                Effect::Program { at: flash + offset, from: second, length: third }
            }
            ERASE => refused("boot ROM: an erase outside the flash", offset),
            PROGRAM => refused("boot ROM: a program outside the flash", offset),
            USB_BOOT | NO_PROGRAM | NO_FUNCTION | FAULT => {
                Effect::GaveUp { call: what, arguments: [offset, second, third] }
            }
            _ => refused("boot ROM: a call that nobody knows", what),
        }
    }
}

fn refused(block: &'static str, address: u32) -> Effect {
    let support = Support::Nothing;
    Effect::Found(Finding { support, block, address, is_store: true })
}

impl Peripheral for BootRom {
    fn peek(&self, offset: u32, _now: u64) -> u32 {
        match offset {
            ARG0..END => self.arguments[((offset - ARG0) / 4) as usize],
            _ => 0,
        }
    }

    fn write(&mut self, offset: u32, write: Write, context: &mut Context) {
        match offset {
            CALL => context.effects.push(self.call(write.value)),
            ARG0..END => self.arguments[((offset - ARG0) / 4) as usize] = write.value,
            _ => {}
        }
    }

    fn reset(&mut self, _now: u64) {
        self.arguments = [0; 4];
    }

    fn support(&self, offset: u32) -> Support {
        if offset < END { Support::Modelled } else { Support::Nothing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(call: u32, arguments: [u32; 3], expected: Option<&Effect>) {
        let mut rom = BootRom::new(0x1000_0000, 0x20_0000);
        let mut context = Context::default();
        for (argument, offset) in arguments.into_iter().zip((ARG0..).step_by(4)) {
            rom.write(offset, argument.into(), &mut context);
        }
        rom.write(CALL, call.into(), &mut context);
        match expected {
            Some(expected) => assert_eq!(context.effects, std::slice::from_ref(expected)),
            None => assert!(matches!(context.effects[..], [Effect::Found(_)])),
        }
    }

    #[test]
    fn flash_is_erased_by_sectors_and_programmed_by_pages() {
        let erase = Effect::Erase { at: 0x101f_f000, length: 0x1000 };
        check(ERASE, [0x1f_f000, 0x1000, 0], Some(&erase));
        let program = Effect::Program { at: 0x1000_0100, from: 0x2000_0000, length: 0x200 };
        check(PROGRAM, [0x100, 0x2000_0000, 0x200], Some(&program));
    }

    #[test]
    fn what_does_not_fit_is_found_and_changes_nothing() {
        check(ERASE, [0x1f_f000, 0x2000, 0], None);
        check(ERASE, [0x800, 0x1000, 0], None);
        check(ERASE, [0xffff_f000, 0x2000, 0], None);
        check(PROGRAM, [0x100, 0x2000_0000, 0x80], None);
    }

    #[test]
    fn what_it_cannot_go_on_from_leaves_the_chip_with_its_arguments() {
        for call in [USB_BOOT, NO_PROGRAM, NO_FUNCTION, FAULT] {
            let arguments = [0x1000_0123, 1, 18];
            check(call, arguments, Some(&Effect::GaveUp { call, arguments }));
        }
        check(7, [0, 0, 0], None);
    }
}
