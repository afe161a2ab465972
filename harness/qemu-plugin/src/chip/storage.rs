//! Registers that keep what is stored in them, and do nothing else.

use serde::{Deserialize, Serialize};

use super::peripheral::{Context, Peripheral, Support, Write};

/// A block of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Storage {
    words: Vec<u32>,
    /// What they hold after a reset, where that is not zero: offset and value.
    initial: Vec<(u32, u32)>,
    /// Whether more than storage would be needed to do what the data sheet says.
    is_lacking: bool,
    /// The registers of which nothing more can be seen here all the same.
    enough: Vec<u32>,
}

impl Storage {
    /// `size` bytes of registers of which nothing more can be seen here. After a
    /// reset they hold `initial` (offset and value), or zero.
    pub(crate) fn modelled(size: u32, initial: &[(u32, u32)]) -> Storage {
        let mut storage = Storage {
            words: vec![0; size as usize / 4],
            initial: initial.to_vec(),
            is_lacking: false,
            enough: Vec::new(),
        };
        storage.reset(0);
        storage
    }

    /// `size` bytes of registers in the place of a peripheral that is not
    /// emulated: each access is a finding.
    pub(crate) fn only(size: u32) -> Storage {
        Storage { is_lacking: true, ..Storage::modelled(size, &[]) }
    }

    /// The same, but accesses to the registers at these offsets are no findings.
    pub(crate) fn only_but(size: u32, enough: &[u32]) -> Storage {
        Storage { enough: enough.to_vec(), ..Storage::only(size) }
    }

    /// What the register at `offset` holds; zero where there is none.
    pub(crate) fn get(&self, offset: u32) -> u32 {
        self.words.get(offset as usize / 4).copied().unwrap_or(0)
    }

    /// Stores, if there is a register at `offset`.
    pub(crate) fn set(&mut self, offset: u32, value: u32) {
        if let Some(word) = self.words.get_mut(offset as usize / 4) {
            *word = value;
        }
    }
}

impl Peripheral for Storage {
    fn peek(&self, offset: u32, _now: u64) -> u32 {
        self.get(offset)
    }

    fn write(&mut self, offset: u32, write: Write, _context: &mut Context) {
        self.set(offset, write.value);
    }

    fn reset(&mut self, _now: u64) {
        self.words.fill(0);
        for (offset, value) in self.initial.clone() {
            self.set(offset, value);
        }
    }

    fn support(&self, offset: u32) -> Support {
        if offset as usize / 4 >= self.words.len() {
            Support::Nothing
        } else if self.is_lacking && !self.enough.contains(&offset) {
            Support::Storage
        } else {
            Support::Modelled
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_brings_back_what_the_data_sheet_says() {
        let mut storage = Storage::modelled(8, &[(4, 7)]);
        storage.write(0, 5.into(), &mut Context::default());
        storage.write(4, 5.into(), &mut Context::default());
        assert_eq!((storage.get(0), storage.get(4)), (5, 5));
        storage.reset(0);
        assert_eq!((storage.get(0), storage.get(4)), (0, 7));
    }
}
