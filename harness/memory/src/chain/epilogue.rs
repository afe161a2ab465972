//! The end of a function, which the rules do not describe.
//!
//! GCC writes no call-frame rules for the epilogue of a Thumb function on Armv6-M
//! (12.2, without `TARGET_32BIT`): after `add sp` or a first POP its rules are wrong.
//! So when the processor is about to execute an epilogue, that is carried out in thought.

use super::{Frame, PC, SP};
use crate::{Image, Read, word};

/// More instructions than an epilogue has: ADD sp, POP, four MOV, POP, BX.
const LONGEST: usize = 12;

impl Frame {
    /// The caller, if only an epilogue is between it and pc.
    pub(super) fn after_epilogue(&self, image: &Image, read: Read<'_>) -> Option<Frame> {
        let mut frame = self.clone();
        let mut pc = self.r[PC].filter(|_| self.is_exact)?;
        for _ in 0..LONGEST {
            let code = read(pc, 2)?;
            let code = u32::from(u16::from_le_bytes(code.get(..2)?.try_into().ok()?));
            pc = pc.checked_add(2)?;
            // Armv6-M ARM §A6.7: ADD (SP plus immediate) T2, POP, MOV (register) T1, BX.
            match code >> 8 {
                0xb0 if code & 0x80 == 0 => {
                    frame.r[SP] = frame.r[SP]?.checked_add(4 * (code & 0x7f));
                }
                0xbc => frame.pop(code & 0xff, read)?,
                0xbd => {
                    frame.pop(code & 0xff, read)?;
                    let to = frame.pop_word(read)?;
                    return frame.returned(to, image, read);
                }
                0x46 => {
                    let to = (code & 7 | code >> 4 & 8) as usize;
                    frame.r[to] = frame.r[(code >> 3 & 0xf) as usize];
                }
                0x47 if code & 0x87 == 0 => {
                    let to = frame.r[(code >> 3 & 0xf) as usize]?;
                    return frame.returned(to, image, read);
                }
                _ => return None,
            }
        }
        None
    }

    fn pop(&mut self, registers: u32, read: Read<'_>) -> Option<()> {
        for number in (0..8).filter(|number| registers & 1 << number != 0) {
            self.r[number] = Some(self.pop_word(read)?);
        }
        Some(())
    }

    fn pop_word(&mut self, read: Read<'_>) -> Option<u32> {
        let sp = self.r[SP]?;
        self.r[SP] = sp.checked_add(4);
        word(read, sp)
    }
}
