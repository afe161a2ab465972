//! A machine's memory, read out of the emulator's process, and written there before
//! the machine's first instruction.
//!
//! The plugin says where in the process each region of the board stands, and the
//! operating system copies the bytes from and to there (`/proc/PID/mem`, proc(5)), as
//! fast as they can be copied. The machine stands meanwhile, so they are whole.
//! Who has started a process may do so, unless the computer forbids that
//! (ptrace(2), "Ptrace access mode checking"); then, and where no region is, the
//! plugin reads and writes. It also writes all that comes after the first `go`: QEMU
//! has code translated from memory by then, and must hear of what changes.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;

use replab_board::{Region, Span};

use crate::{MachineError, Memory};

use super::session::{CHUNK, Session};

/// Where the memory of one process stands.
pub(super) struct HostMemory {
    file: File,
    /// Addresses of the board's, and where the first of them is in the process.
    places: Vec<(Span, u64)>,
}

impl HostMemory {
    /// That of the process `pid`.
    pub(super) fn open(pid: u32, places: Vec<(Span, u64)>) -> io::Result<HostMemory> {
        let file = OpenOptions::new().read(true).write(true).open(format!("/proc/{pid}/mem"))?;
        Ok(HostMemory { file, places })
    }

    /// `length` bytes from `address` on; `None` if they are in no region, or
    /// cannot be read.
    pub(super) fn read(&self, address: u32, length: usize) -> Option<Vec<u8>> {
        let place = self.place(address, length)?;
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, place).ok()?;
        Some(bytes)
    }

    /// Puts `bytes` at `address`; `None` if that is in no region, or cannot be written.
    fn write(&self, address: u32, bytes: &[u8]) -> Option<()> {
        let place = self.place(address, bytes.len())?;
        self.file.write_all_at(bytes, place).ok()
    }

    /// Where in the process `length` bytes at `address` stand, if one region holds them.
    fn place(&self, address: u32, length: usize) -> Option<u64> {
        let wanted = Span { at: address, size: u32::try_from(length).ok()? };
        let (span, host) = self.places.iter().find(|(span, _)| span.holds(wanted))?;
        Some(host + u64::from(address - span.at))
    }
}

impl Memory for Session {
    fn read(&mut self, address: u32, length: usize) -> Result<Vec<u8>, MachineError> {
        match self.memory()?.and_then(|memory| memory.read(address, length)) {
            Some(bytes) => Ok(bytes),
            None => self.peek(address, length),
        }
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), MachineError> {
        if !self.process.has_gone
            && self.memory()?.and_then(|memory| memory.write(address, bytes)).is_some()
        {
            return Ok(());
        }
        for (index, chunk) in bytes.chunks(CHUNK).enumerate() {
            let place = u64::from(address) + (index * CHUNK) as u64;
            self.request(&format!("poke {place:x} {}", hex::encode(chunk)))?;
        }
        Ok(())
    }
}

impl Session {
    /// The memory of the process; `None` if the computer lets nobody see it.
    fn memory(&mut self) -> Result<Option<&HostMemory>, MachineError> {
        if self.process.memory.is_none() {
            self.process.memory = Some(self.host_memory()?);
        }
        Ok(self.process.memory.as_ref().and_then(Option::as_ref))
    }

    /// What `read` does, by the plugin.
    fn peek(&mut self, address: u32, length: usize) -> Result<Vec<u8>, MachineError> {
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            let count = CHUNK.min(length - bytes.len());
            let place = u64::from(address) + bytes.len() as u64;
            bytes.extend(self.bytes(&format!("peek {place:x} {count}"))?);
        }
        Ok(bytes)
    }

    /// Where the board's regions are; `None` if the computer lets nobody see them.
    fn host_memory(&mut self) -> Result<Option<HostMemory>, MachineError> {
        let regions: Vec<Span> = self.recipe.board.memory.values().map(Region::span).collect();
        let mut places = Vec::new();
        for Span { mut at, size: mut rest } in regions {
            while rest > 0 {
                let answer = match self.request(&format!("host {at:x} {rest}")) {
                    Err(MachineError::Answer { .. }) => break, // The emulator has less than the board says.
                    answer => answer?,
                };
                let Some((host, size)) =
                    place(&answer).filter(|(_, size)| (1..=rest).contains(size))
                else {
                    return Err(self.strange("host", answer));
                };
                places.push((Span { at, size }, host));
                (at, rest) = (at.wrapping_add(size), rest - size);
            }
        }
        Ok(HostMemory::open(self.process.emulator.pid(), places).ok())
    }
}

/// Reads the answer to `host`: an address of the process, and how many bytes follow each other.
pub(super) fn place(answer: &str) -> Option<(u64, u32)> {
    let (host, length) = answer.split_once(' ')?;
    Some((u64::from_str_radix(host, 16).ok()?, length.parse().ok()?))
}

/// Where `new` differs from `old`, which is as long: ranges of whole blocks but for
/// the last, none longer than `most`, which must be a whole number of blocks.
pub(super) fn differences(old: &[u8], new: &[u8], most: usize) -> Vec<std::ops::Range<usize>> {
    const BLOCK: usize = 1024;
    let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
    for (index, (old, new)) in old.chunks(BLOCK).zip(new.chunks(BLOCK)).enumerate() {
        if old == new {
            continue;
        }
        let block = index * BLOCK..index * BLOCK + old.len();
        match ranges.last_mut() {
            Some(last) if last.end == block.start && last.len() < most => last.end = block.end,
            _ => ranges.push(block),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_reads_itself_within_the_places_that_it_knows() {
        let text = *b"somewhere in this process";
        let span = Span { at: 0x2000_0000, size: 20 };
        let places = vec![(span, text.as_ptr().addr() as u64)];
        let memory = HostMemory::open(std::process::id(), places).unwrap();
        assert_eq!(memory.read(0x2000_0000, 9).as_deref(), Some(&b"somewhere"[..]));
        assert_eq!(memory.read(0x2000_000a, 10).as_deref(), Some(&b"in this pr"[..]));
        assert_eq!(memory.read(0x2000_000a, 11), None, "its end is beyond the span");
        assert_eq!(memory.read(0x1fff_ffff, 2), None);
    }

    #[test]
    fn a_process_writes_itself_within_the_places_that_it_knows() {
        let text = b"somewhere in this process".map(std::sync::atomic::AtomicU8::new);
        let span = Span { at: 0x1000_0000, size: 20 };
        let places = vec![(span, text.as_ptr().addr() as u64)];
        let memory = HostMemory::open(std::process::id(), places).unwrap();
        assert_eq!(memory.write(0x1000_0000, b"any"), Some(()));
        assert_eq!(memory.write(0x1000_0011, b"our process"), None, "its end is beyond the span");
        assert_eq!(memory.write(0x0fff_ffff, b"xx"), None);
        let text = std::hint::black_box(text).map(std::sync::atomic::AtomicU8::into_inner);
        assert_eq!(text, *b"anyewhere in this process");
    }

    #[test]
    fn an_answer_names_the_place() {
        assert_eq!(place("7f0012340000 270336"), Some((0x7f00_1234_0000, 270_336)));
        assert_eq!(place("7f0012340000"), None);
        assert_eq!(place("nowhere 5"), None);
    }

    #[track_caller]
    fn check(changed: &[usize], expected: &[(usize, usize)]) {
        let old = vec![0u8; 5000];
        let mut new = old.clone();
        changed.iter().for_each(|at| new[*at] = 1);
        let ranges = differences(&old, &new, 2048);
        let ranges: Vec<_> = ranges.into_iter().map(|range| (range.start, range.end)).collect();
        assert_eq!(ranges, expected);
    }

    #[test]
    fn only_what_differs_is_named() {
        check(&[], &[]);
        check(&[0, 1023], &[(0, 1024)]);
        check(&[1023, 1024, 3000], &[(0, 2048), (2048, 3072)]);
        check(&[0, 1024, 2048, 3072, 4999], &[(0, 2048), (2048, 4096), (4096, 5000)]);
    }
}
