//! The memory of a stopped machine, where it lies in QEMU's own.
//!
//! `gpa2hva` says where, once for each region, and `/proc/PID/mem` reaches it.
//! QMP's `pmemsave` reads zeros on `microbit`, whose RAM is in no global address
//! space, and the test protocol cannot write to flash. QEMU's translated code is
//! not told of what is written here: code must not be written after the start.

use std::fs::File;
use std::os::unix::fs::FileExt;

use replab_board::{Board, Span};

use crate::MachineError;

use super::emulation::Emulation;
use super::said::host_address;

/// See the head of this module.
pub(super) struct Reach {
    file: File,
    /// Each region of the board's, and where it begins in QEMU's memory.
    regions: Vec<(Span, u64)>,
}

impl Reach {
    /// Asks where the regions of `board` are.
    pub(super) fn find(emulation: &mut Emulation, board: &Board) -> Result<Reach, MachineError> {
        let mut regions = Vec::new();
        for region in board.memory.values() {
            let last = region.size.saturating_sub(1);
            let first_at = ask(emulation, region.at)?;
            let last_at = ask(emulation, region.at.saturating_add(last))?;
            if last_at != first_at + u64::from(last) {
                let why = "the region lies in pieces".to_owned();
                return Err(emulation.strange(&format!("gpa2hva {:#x}", region.at), why));
            }
            regions.push((region.span(), first_at));
        }
        let path = format!("/proc/{}/mem", emulation.pid());
        let file = File::options().read(true).write(true).open(path).map_err(|source| {
            MachineError::System { what: "open the memory of QEMU's process", source }
        })?;
        Ok(Reach { file, regions })
    }

    /// The bytes of `file`, as a region from address 0 on.
    #[cfg(test)]
    pub(super) fn of_file(file: File, size: u32) -> Reach {
        Reach { file, regions: vec![(Span { at: 0, size }, 0)] }
    }

    /// `length` bytes from `address` on; `None` if there is no such memory.
    pub(super) fn read(
        &self,
        address: u32,
        length: usize,
    ) -> Result<Option<Vec<u8>>, MachineError> {
        let Some(at) = self.place(address, length) else { return Ok(None) };
        let mut bytes = vec![0; length];
        let read = self.file.read_exact_at(&mut bytes, at);
        read.map_err(|source| MachineError::System { what: "read QEMU's memory", source })?;
        Ok(Some(bytes))
    }

    /// Puts `bytes` at `address`; whether there is such memory.
    pub(super) fn write(&self, address: u32, bytes: &[u8]) -> Result<bool, MachineError> {
        let Some(at) = self.place(address, bytes.len()) else { return Ok(false) };
        let written = self.file.write_all_at(bytes, at);
        written.map_err(|source| MachineError::System { what: "write QEMU's memory", source })?;
        Ok(true)
    }

    fn place(&self, address: u32, length: usize) -> Option<u64> {
        place(&self.regions, address, length)
    }
}

fn place(regions: &[(Span, u64)], address: u32, length: usize) -> Option<u64> {
    let wanted = Span { at: address, size: u32::try_from(length).ok()? };
    let (span, at) = regions.iter().find(|(span, _)| span.holds(wanted))?;
    Some(at + u64::from(address - span.at))
}

fn ask(emulation: &mut Emulation, address: u32) -> Result<u64, MachineError> {
    let line = format!("gpa2hva {address:#x}");
    let arguments = serde_json::json!({ "command-line": line });
    let answer = emulation.ask("human-monitor-command", Some(arguments))?;
    host_address(&answer).ok_or_else(|| emulation.strange(&line, answer.trim_end().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lie_in_one_region() {
        let regions =
            [(Span { at: 0, size: 0x100 }, 0x7000), (Span { at: 0x2000, size: 0x10 }, 0x9000)];
        for (address, length, expected) in [
            (0, 0x100, Some(0x7000)),
            (0x2008, 8, Some(0x9008)),
            (0x2008, 9, None),
            (0x100, 1, None),
            (u32::MAX, 4, None),
        ] {
            assert_eq!(place(&regions, address, length), expected, "{address:#x} {length}");
        }
    }
}
