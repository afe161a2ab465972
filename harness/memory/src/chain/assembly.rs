//! Functions without rules: assembly, above all the compiler's own (libgcc).
//!
//! What they have pushed is found by reading them from the start to where the
//! processor is. That is right for straight code, which they are; with several
//! ways through a function it is a guess.

use super::{Frame, LR, PC, SP};
use crate::{Image, Read, word};

/// No more of a function is read than this, in bytes.
const LONGEST: u32 = 512;

/// What a function has on the stack.
#[derive(Debug, Default, PartialEq, Eq)]
struct Pushed {
    /// Bytes.
    depth: u32,
    /// Where lr is, in bytes below what sp was at the start.
    lr: Option<u32>,
}

impl Frame {
    /// The caller of a function that has no rules.
    pub(super) fn caller_of_assembly(&self, image: &Image, read: Read<'_>) -> Option<Frame> {
        let pc = self.address(self.r[PC]?);
        let pushed = image.start(pc).map(|start| pushed(start, pc, read)).unwrap_or_default();
        let top = self.r[SP]?.checked_add(pushed.depth)?;
        let lr = match pushed.lr {
            Some(below) => word(read, top.checked_sub(below)?),
            None if self.is_exact && !self.has_called(image) => self.r[LR],
            None => None,
        };
        let mut frame = self.clone();
        frame.r[SP] = Some(top);
        let caller = lr.and_then(|lr| frame.returned(lr, image, read));
        // Return addresses lie there where code is known to push them.
        caller.or_else(|| image.has_frames().then(|| self.found_on_stack(image, read))?)
    }

    /// Whether lr points into the function that pc is in: it has been overwritten by a call.
    fn has_called(&self, image: &Image) -> bool {
        let [lr, pc] = [LR, PC].map(|number| self.r[number].and_then(|at| image.start(at)));
        lr.is_some() && lr == pc
    }
}

/// What the code from `start` up to `pc` has pushed (Armv6-M ARM §A6.7: PUSH, POP, ADD
/// and SUB of sp).
fn pushed(start: u32, pc: u32, read: Read<'_>) -> Pushed {
    let mut pushed = Pushed::default();
    let length = pc.saturating_sub(start).min(LONGEST);
    let Some(code) = read(start, length as usize) else { return pushed };
    let mut halves = code.chunks_exact(2).map(|half| u32::from(half[0]) | u32::from(half[1]) << 8);
    while let Some(half) = halves.next() {
        let bytes = 4 * (half & 0x7f);
        let registers = 4 * (half & 0xff).count_ones();
        match half >> 8 {
            0xb4 => pushed.depth += registers,
            0xb5 => {
                pushed.lr = Some(pushed.depth + 4);
                pushed.depth += registers + 4;
            }
            0xbc => pushed.depth = pushed.depth.saturating_sub(registers),
            0xb0 if half & 0x80 != 0 => pushed.depth += bytes,
            0xb0 => pushed.depth = pushed.depth.saturating_sub(bytes),
            // The second half of a long instruction.
            0xe8.. => {
                halves.next();
            }
            _ => {}
        }
    }
    pushed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Ram;

    #[track_caller]
    fn check(code: &[u16], depth: u32, lr: Option<u32>) {
        let bytes: Vec<u8> = code.iter().flat_map(|half| half.to_le_bytes()).collect();
        let mut ram = Ram::default();
        ram.put(0x80, &bytes);
        let pc = 0x80 + bytes.len() as u32;
        let found = pushed(0x80, pc, &mut |at, length| ram.read(at, length));
        assert_eq!(found, Pushed { depth, lr });
    }

    #[test]
    fn what_is_pushed_is_counted() {
        check(&[], 0, None);
        check(&[0xb403], 8, None); // push {r0, r1}
        check(&[0xb403, 0xb510, 0xb082], 24, Some(12)); // push {r4, lr}; sub sp, #8
        check(&[0xb510, 0xb082, 0xb002, 0xbc01], 4, Some(4)); // add sp, #8; pop {r0}
        check(&[0xf000, 0xb403, 0xb401], 4, None); // bl; push {r0}
    }
}
