//! A board's flash in the memory of the lab, as littlefs sees it.

use std::collections::BTreeSet;

use littlefs_rust::{Error, Storage};
use replab_board::FileSystem;

use super::Run;

/// The value of erased flash.
const ERASED: u8 = 0xff;

/// No healthy volume of some megabytes needs more reads. One whose links run in a
/// circle would never have enough.
const MOST_READS: u32 = 1 << 22;

/// Flash in memory, as strict as the board's, that remembers which of its blocks were touched.
pub(super) struct Volume {
    bytes: Vec<u8>,
    block_size: usize,
    program_size: usize,
    touched: BTreeSet<u32>,
    reads: u32,
}

impl Volume {
    /// Flash that was never written.
    pub(super) fn new(place: &FileSystem) -> Volume {
        // What stands in a block before it is erased is no matter.
        Volume::of(place, vec![0; place.size as usize])
    }

    /// Flash that holds `bytes`, the whole volume.
    pub(super) fn of(place: &FileSystem, bytes: Vec<u8>) -> Volume {
        Volume {
            bytes,
            block_size: place.block_size as usize,
            program_size: place.program_size as usize,
            touched: BTreeSet::new(),
            reads: 0,
        }
    }

    fn place(&mut self, block: u32, offset: u32, length: usize) -> Result<&mut [u8], Error> {
        let start = block as usize * self.block_size + offset as usize;
        self.bytes.get_mut(start..start + length).ok_or(Error::Io)
    }

    /// The blocks that were touched, one run for each.
    pub(super) fn touched(&self, place: &FileSystem) -> impl Iterator<Item = Run> {
        self.touched.iter().map(|block| self.block(place, *block))
    }

    /// The blocks that are others than in `bytes`, one run for each.
    pub(super) fn different(&self, place: &FileSystem, bytes: &[u8]) -> impl Iterator<Item = Run> {
        let theirs = bytes.chunks(self.block_size);
        let ours = self.bytes.chunks(self.block_size);
        ours.zip(theirs)
            .zip(0..)
            .filter(|((one, other), _)| one != other)
            .map(|(_, block)| self.block(place, block))
    }

    fn block(&self, place: &FileSystem, block: u32) -> Run {
        let start = block as usize * self.block_size;
        let bytes = self.bytes[start..start + self.block_size].to_vec();
        Run { address: place.at + block * place.block_size, bytes }
    }
}

impl Storage for Volume {
    fn read(&mut self, block: u32, offset: u32, into: &mut [u8]) -> Result<(), Error> {
        self.reads += 1;
        if self.reads > MOST_READS {
            return Err(Error::Io);
        }
        into.copy_from_slice(self.place(block, offset, into.len())?);
        Ok(())
    }

    fn write(&mut self, block: u32, offset: u32, data: &[u8]) -> Result<(), Error> {
        // A flash takes whole pages, and only where it was erased.
        let is_whole = (offset as usize).is_multiple_of(self.program_size)
            && data.len().is_multiple_of(self.program_size);
        let place = self.place(block, offset, data.len())?;
        if !is_whole || place.iter().any(|byte| *byte != ERASED) {
            return Err(Error::Io);
        }
        place.copy_from_slice(data);
        self.touched.insert(block);
        Ok(())
    }

    fn erase(&mut self, block: u32) -> Result<(), Error> {
        let length = self.block_size;
        self.place(block, 0, length)?.fill(ERASED);
        self.touched.insert(block);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: FileSystem =
        FileSystem { at: 0, size: 0x4000, block_size: 4096, program_size: 256 };

    #[test]
    fn flash_takes_whole_pages_where_it_is_erased() {
        let mut volume = Volume::new(&PLACE);
        assert_eq!(volume.write(0, 0, &[1; 256]), Err(Error::Io), "it is not erased");
        volume.erase(0).unwrap();
        assert_eq!(volume.write(0, 0, &[1; 100]), Err(Error::Io), "that is no page");
        assert_eq!(volume.write(4, 0, &[1; 256]), Err(Error::Io), "there is no such block");
        volume.write(0, 256, &[1; 256]).unwrap();
        assert_eq!(volume.write(0, 256, &[2; 256]), Err(Error::Io), "it is written");
    }

    #[test]
    fn reads_come_to_an_end() {
        let mut volume = Volume { reads: MOST_READS - 1, ..Volume::new(&PLACE) };
        assert_eq!(volume.read(0, 0, &mut [0; 4]), Ok(()));
        assert_eq!(volume.read(0, 0, &mut [0; 4]), Err(Error::Io));
    }
}
