//! Which peripherals are held in reset (RP2040 data sheet §2.14).

use serde::{Deserialize, Serialize};

use crate::chip::peripheral::{Context, Peripheral, Support, Write};

/// RESET: a set bit holds a peripheral in reset.
const RESET: u32 = 0;
/// WDSEL: which of them the watchdog resets.
const WDSEL: u32 = 4;
/// RESET_DONE: which of them can be used.
const RESET_DONE: u32 = 8;
/// All peripherals.
const ALL: u32 = 0x01ff_ffff;

/// See the head of this module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Resets {
    held: u32,
    watchdog: u32,
    begun: u32,
}

impl Resets {
    pub(crate) fn new() -> Resets {
        Resets { held: ALL, watchdog: 0, begun: 0 }
    }

    /// The peripherals whose reset has begun since this was last asked.
    pub(crate) fn take_begun(&mut self) -> u32 {
        std::mem::take(&mut self.begun)
    }
}

impl Peripheral for Resets {
    fn peek(&self, offset: u32, _now: u64) -> u32 {
        match offset {
            RESET => self.held,
            WDSEL => self.watchdog,
            RESET_DONE => !self.held & ALL,
            _ => 0,
        }
    }

    fn write(&mut self, offset: u32, write: Write, _context: &mut Context) {
        match offset {
            RESET => {
                let held = write.value & ALL;
                self.begun |= held & !self.held;
                self.held = held;
            }
            WDSEL => self.watchdog = write.value & ALL,
            _ => {}
        }
    }

    fn reset(&mut self, _now: u64) {
        *self = Resets::new();
    }

    fn support(&self, offset: u32) -> Support {
        if offset <= RESET_DONE { Support::Modelled } else { Support::Nothing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn done_is_what_is_not_held() {
        let mut resets = Resets::new();
        assert_eq!((resets.peek(RESET, 0), resets.peek(RESET_DONE, 0)), (ALL, 0));
        resets.write(RESET, (ALL & !0x20).into(), &mut Context::default());
        assert_eq!((resets.peek(RESET_DONE, 0), resets.take_begun()), (0x20, 0));
        resets.write(RESET, ALL.into(), &mut Context::default());
        assert_eq!((resets.take_begun(), resets.take_begun()), (0x20, 0));
    }
}
