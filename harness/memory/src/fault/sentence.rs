//! A fault in one sentence, for somebody who meets it for the first time.

use replab_record::CodePlace;

use super::{FaultKind, Scene};
use crate::call_chain;
use crate::decode::Access;
use crate::memory_map::{Home, home};

/// Bytes that an exception pushes at most (Armv7-M ARM §B1.5.6).
const LARGEST_FRAME: u32 = 26 * 4;

impl Scene<'_> {
    pub(super) fn sentence(&mut self, kind: FaultKind, access: Option<Access>) -> String {
        let name = exception(self.fault.exception);
        let place = self.place();
        let who = place.as_ref().map_or_else(
            || format!("the instruction at {:#010x}", self.fault.registers.pc()),
            quoted,
        );
        match kind {
            FaultKind::BadAddress { address, is_write } => {
                let did = if is_write { "wrote to" } else { "read from" };
                let there = match home(self.board, address) {
                    Home::Nowhere => "where the board has no memory",
                    Home::Device => "where no device answers",
                    Home::Flash if is_write => "which is flash",
                    Home::Flash | Home::Ram => "which the processor refused",
                };
                format!("{name}: {who} {did} {address:#010x}, {there}")
            }
            FaultKind::Unaligned { address } => {
                let bytes = access.map_or(4, |access| access.unit);
                let did = if access.is_some_and(|it| it.is_write) { "write" } else { "read" };
                format!(
                    "{name}: {who}: an unaligned {bytes}-byte {did} at {address:#010x} \
                     (this core needs a multiple of {bytes})"
                )
            }
            FaultKind::UndefinedInstruction { opcode } => {
                let digits = if opcode >> 16 == 0 { 4 } else { 8 };
                format!(
                    "{name}: {who} ran into 0x{opcode:0digits$x}, which is no instruction of this core"
                )
            }
            FaultKind::StackOverflow { sp, low } => {
                format!("{name}: {}", stack(sp, low, place.as_ref()))
            }
            FaultKind::JumpToNowhere { target } => {
                let why = match (home(self.board, target), target) {
                    (_, 0) => " (Thumb bit clear): a null function pointer?",
                    (Home::Flash | Home::Ram, _) => {
                        " (Thumb bit clear): a function pointer without its bit 0?"
                    }
                    (Home::Device | Home::Nowhere, _) => ", where the board has no memory",
                };
                let from = self
                    .caller_of(target)
                    .map_or_else(String::new, |place| format!(" from {}", quoted(&place)));
                format!("{name}: jumped{from} to {target:#010x}{why}")
            }
            FaultKind::Breakpoint => {
                format!("{name}: {who} ran into a breakpoint, and no debugger is there")
            }
            FaultKind::SupervisorCall => {
                format!(
                    "{name}: {who} called the supervisor (SVC), whose handler cannot be entered"
                )
            }
            FaultKind::Other => {
                let said = self.fault.status.map(|status| status.said()).unwrap_or_default();
                let why = match said.as_slice() {
                    [] => "for a reason that is not known".to_owned(),
                    said => said.join(", "),
                };
                format!("{name}: {who}: {why}")
            }
        }
    }

    /// Where it happened, or the nearest that is known: the innermost place of the call chain.
    fn place(&mut self) -> Option<CodePlace> {
        self.chain().into_iter().next()
    }

    /// Where the processor was before it came to `target`.
    fn caller_of(&mut self, target: u32) -> Option<CodePlace> {
        self.chain().into_iter().find(|place| place.address != target & !1)
    }

    fn chain(&mut self) -> Vec<CodePlace> {
        let image =
            self.image.map(|image| call_chain(image, &self.fault.registers, &mut *self.read));
        image.unwrap_or_default()
    }
}

/// The field's name of an exception (Armv7-M ARM §B1.5.2).
fn exception(number: u8) -> String {
    match number {
        2 => "NMI".to_owned(),
        3 => "HardFault".to_owned(),
        4 => "MemManage fault".to_owned(),
        5 => "BusFault".to_owned(),
        6 => "UsageFault".to_owned(),
        _ => format!("exception {number}"),
    }
}

/// The function in quotes, its line in brackets.
fn quoted(place: &CodePlace) -> String {
    match (&place.function, place.source()) {
        (Some(function), Some(source)) => format!("`{function}` ({source})"),
        (Some(function), None) => format!("`{function}` ({:#010x})", place.address),
        (None, _) => format!("the instruction at {place}"),
    }
}

fn stack(sp: u32, low: u32, place: Option<&CodePlace>) -> String {
    let room = i64::from(sp) - i64::from(low);
    let over = match room {
        i64::MIN..0 => format!("{} bytes below its end", -room),
        0 => "at its end".to_owned(),
        _ if room <= i64::from(LARGEST_FRAME) => {
            format!("{room} bytes above its end, and an exception needs more")
        }
        _ => return format!("sp is {sp:#010x}{}, where the board has no RAM", within(place)),
    };
    format!("the stack has run over{}: sp is {sp:#010x}, {over}", within(place))
}

fn within(place: Option<&CodePlace>) -> String {
    place.map_or_else(String::new, |place| format!(" in {}", quoted(place)))
}
