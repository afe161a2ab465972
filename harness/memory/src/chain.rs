//! Who called whom: from a stopped processor's registers to the start of the firmware.
//!
//! The way from a frame to its caller's stands in `.debug_frame` (DWARF 5 §6.4;
//! register numbers: DWARF for the Arm Architecture §4.1). Where that says nothing,
//! code is read: an epilogue is carried out, and of assembly it is found out what it
//! has pushed. Facts of the architecture do the rest: a function that has not called
//! yet has its return address in lr; an exception has pushed the registers of what
//! it interrupted; and a Thumb function pushes lr above all other registers, so that
//! right above a return address on the stack is the caller's frame.

mod assembly;
mod epilogue;

use gimli::{BaseAddresses, CfaRule, RegisterRule, UnwindContext};
use replab_record::{CodePlace, Registers};

use crate::{Image, Read, word};

/// So many frames of a chain are given, the innermost ones.
pub const DEEPEST: usize = 64;

/// Where a lost chain is looked for: so many bytes of the stack.
const LOST_BYTES: u32 = 4096;

const SP: usize = 13;
const LR: usize = 14;
const PC: usize = 15;

/// The places of a call chain, innermost first: that of `registers`' pc, then those
/// of the calls. It ends at `main`, at the function that the processor starts in,
/// where no rule leads on, at a loop, or at [`DEEPEST`] frames.
///
/// If pc and lr are no code (a jump to nowhere whose caller is lost, a fault whose
/// registers could not be stacked), the first place is the first return address
/// that the stack holds within 4 KiB from sp on; then the chain is a likely one.
pub fn call_chain(image: &Image, registers: &Registers, read: Read<'_>) -> Vec<CodePlace> {
    let mut places = Vec::new();
    let mut frame = Frame::of(registers);
    if image.function(registers.pc()).is_none() {
        let Some(caller) = frame.caller_of_nowhere(image, read) else {
            return places;
        };
        frame = caller;
    }
    let mut seen = Vec::new();
    while let Some(pc) = frame.r[PC] {
        let place = image.place(frame.address(pc));
        let is_first = image.function(place.address) == Some("main");
        places.push(place);
        if is_first || image.is_entry(pc) || places.len() == DEEPEST {
            break;
        }
        seen.push((pc, frame.r[SP]));
        match frame.caller(image, read) {
            Some(caller) if !seen.contains(&(caller.r[PC].unwrap_or(0), caller.r[SP])) => {
                frame = caller;
            }
            _ => break,
        }
    }
    places
}

/// What is known of the registers in one frame.
#[derive(Clone)]
struct Frame {
    r: [Option<u32>; 16],
    /// The process stack pointer, for exceptions that came in thread mode.
    psp: u32,
    /// Whether pc is the next instruction; else it is where a call returns to.
    is_exact: bool,
}

impl Frame {
    fn of(registers: &Registers) -> Frame {
        Frame { r: registers.r.map(Some), psp: registers.psp, is_exact: true }
    }

    /// The address whose line and rules count: that of the call, not of the return.
    fn address(&self, pc: u32) -> u32 {
        if self.is_exact { pc & !1 } else { (pc & !1).wrapping_sub(2) }
    }

    /// The frame of its caller.
    fn caller(&self, image: &Image, read: Read<'_>) -> Option<Frame> {
        if let Some(caller) = self.after_epilogue(image, read) {
            return Some(caller);
        }
        match self.unwound(image, read) {
            Some((frame, lr)) => frame.returned(lr?, image, read),
            None => self.caller_of_assembly(image, read),
        }
    }

    /// The caller, where pc is no code.
    fn caller_of_nowhere(&self, image: &Image, read: Read<'_>) -> Option<Frame> {
        let caller = self.r[LR].and_then(|lr| self.returned(lr, image, read));
        caller.or_else(|| self.found_on_stack(image, read))
    }

    /// By the rules of `.debug_frame`: the caller's registers but for pc, and where
    /// it goes on, if that is known.
    fn unwound(&self, image: &Image, read: Read<'_>) -> Option<(Frame, Option<u32>)> {
        let address = self.address(self.r[PC]?);
        let (frames, entry) = image.frame(address)?;
        let mut context = UnwindContext::new();
        let bases = BaseAddresses::default();
        let row =
            entry.unwind_info_for_address(frames, &bases, &mut context, u64::from(address)).ok()?;
        let CfaRule::RegisterAndOffset { register, offset } = row.cfa() else {
            return None;
        };
        let cfa = shifted((*self.r.get(usize::from(register.0))?)?, *offset)?;
        let mut caller = self.clone();
        for (register, rule) in row.registers() {
            let number = usize::from(register.0);
            if number >= self.r.len() {
                // Registers of the floating-point unit.
                continue;
            }
            caller.r[number] = match rule {
                RegisterRule::SameValue => self.r[number],
                RegisterRule::Offset(offset) => {
                    shifted(cfa, *offset).and_then(|address| word(read, address))
                }
                RegisterRule::ValOffset(offset) => shifted(cfa, *offset),
                RegisterRule::Register(other) => {
                    self.r.get(usize::from(other.0)).copied().flatten()
                }
                _ => None,
            };
        }
        caller.r[SP] = Some(cfa);
        let lr = caller.r[LR];
        Some((caller, lr))
    }

    /// The frame in which `lr` continues, its other registers being known already.
    fn returned(&self, lr: u32, image: &Image, read: Read<'_>) -> Option<Frame> {
        if lr >= 0xffff_ffe0 {
            return self.interrupted(lr, read);
        }
        // A return address has the Thumb bit; the call before it is code.
        if lr & 1 == 0 || image.function(lr.wrapping_sub(3)).is_none() {
            return None;
        }
        let mut frame = self.clone();
        frame.r[PC] = Some(lr & !1);
        // The call has overwritten it, and the caller may not have kept it.
        frame.r[LR] = None;
        frame.is_exact = false;
        Some(frame)
    }

    /// What an exception has interrupted: the frame that it pushed (Armv6-M ARM
    /// §B1.5.6 and §B1.5.8, Armv7-M ARM §B1.5.6 to 8). `exc_return` bit 2: from the
    /// process stack; bit 4 clear: with 18 words of floating-point registers.
    fn interrupted(&self, exc_return: u32, read: Read<'_>) -> Option<Frame> {
        if !matches!(exc_return & 0xf, 1 | 9 | 13) {
            return None;
        }
        let on_psp = exc_return & 4 != 0;
        let base = if on_psp { self.psp } else { self.r[SP]? };
        let mut stacked = [0; 8];
        for (index, value) in (0..).zip(&mut stacked) {
            *value = word(read, base.checked_add(4 * index)?)?;
        }
        let [r0, r1, r2, r3, r12, lr, pc, xpsr] = stacked;
        let mut frame = self.clone();
        for (number, value) in [(0, r0), (1, r1), (2, r2), (3, r3), (12, r12), (LR, lr), (PC, pc)] {
            frame.r[number] = Some(value);
        }
        let words: u32 = if exc_return & 0x10 == 0 { 26 } else { 8 };
        // Bit 9: a word was left out so that the frame is aligned.
        let left_out = if xpsr & 1 << 9 != 0 { 4 } else { 0 };
        frame.r[SP] = Some(base.checked_add(4 * words + left_out)?);
        frame.is_exact = true;
        Some(frame)
    }

    /// The caller by the first return address on the stack.
    fn found_on_stack(&self, image: &Image, read: Read<'_>) -> Option<Frame> {
        let start = self.r[SP]?.checked_add(3)? & !3;
        for at in (start..start.checked_add(LOST_BYTES)?).step_by(4) {
            let Some(lr) = word(read, at) else { continue };
            if lr & 1 == 1 && follows_call(lr & !1, read) {
                let mut above = self.clone();
                above.r[SP] = at.checked_add(4);
                if let Some(caller) = above.returned(lr, image, read) {
                    return Some(caller);
                }
            }
        }
        None
    }
}

/// Whether the instruction before `address` is a call: BL (Armv6-M ARM §A6.7.13) or
/// BLX to a register (§A6.7.14).
fn follows_call(address: u32, read: Read<'_>) -> bool {
    let Some(start) = address.checked_sub(4) else { return false };
    let Some(code) = word(read, start) else { return false };
    let (first, second) = (code & 0xffff, code >> 16);
    first & 0xf800 == 0xf000 && second & 0xd000 == 0xd000 || second & 0xff87 == 0x4780
}

fn shifted(address: u32, offset: i64) -> Option<u32> {
    u32::try_from(i64::from(address).checked_add(offset)?).ok()
}

#[cfg(test)]
mod tests;
