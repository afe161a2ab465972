//! What a Cortex-M processor leaves at the entry of a fault handler.

use replab_record::Registers;

use crate::Fault;

/// Bytes that the exception has stacked (Armv6-M ARM §B1.5.6).
const FRAME: usize = 32;

/// Where the frame is: on the stack that bit 2 of EXC_RETURN names.
pub(crate) fn stack_of(registers: &Registers) -> u32 {
    if registers.lr() & 4 == 0 { registers.msp } else { registers.psp }
}

/// The fault, from the registers at its handler's first instruction and the 32
/// bytes of the frame, if they could be read.
///
/// The exception stacked r0 to r3, r12, lr, pc and xPSR (Armv6-M ARM §B1.5.6);
/// where bit 4 of EXC_RETURN is clear, 18 words of the floating-point unit follow
/// (Armv7-M ARM §B1.5.8). Bit 9 of the stacked xPSR says that a word was left out
/// before them.
pub(crate) fn at_entry(exception: u8, mut registers: Registers, frame: Option<&[u8]>) -> Fault {
    let (exc_return, stack) = (registers.lr(), stack_of(&registers));
    let is_stacked = frame.is_some();
    let mut words = frame
        .unwrap_or(&[0; FRAME])
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes(word.try_into().expect("chunks of four")));
    for register in [0, 1, 2, 3, 12, 14, 15] {
        registers.r[register] = words.next().unwrap_or_default();
    }
    registers.xpsr = words.next().unwrap_or_default();
    let pad = if registers.xpsr & 1 << 9 == 0 { 0 } else { 4 };
    let size = if exc_return & 1 << 4 == 0 { 0x68 } else { 0x20 };
    registers.r[13] = stack.wrapping_add(size + pad);
    Fault { exception, registers, is_stacked }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The stack pointer before a fault with this EXC_RETURN and stacked xPSR.
    #[track_caller]
    fn check(exc_return: u32, stacked_xpsr: u32, sp: u32) {
        let mut registers = Registers { msp: 0x1000, psp: 0x2000, ..Registers::default() };
        registers.r[14] = exc_return;
        let frame: Vec<u8> = [1, 2, 3, 4, 12, 14, 15, stacked_xpsr]
            .iter()
            .flat_map(|word: &u32| word.to_le_bytes())
            .collect();
        let fault = at_entry(3, registers, Some(&frame));
        assert_eq!((fault.registers.sp(), fault.registers.pc(), fault.is_stacked), (sp, 15, true));
    }

    #[test]
    fn the_stack_pointer_is_the_one_before_the_exception() {
        check(0xffff_fff9, 0x0100_0000, 0x1020);
        check(0xffff_fffd, 0x0100_0000, 0x2020);
        check(0xffff_fff9, 0x0100_0200, 0x1024);
        check(0xffff_ffe9, 0x0100_0000, 0x1068);
    }

    #[test]
    fn without_a_frame_what_was_stacked_is_zero() {
        let fault = at_entry(3, Registers::default(), None);
        assert_eq!((fault.registers.pc(), fault.is_stacked), (0, false));
    }
}
