//! What the tests of this crate share: memory, and a board.

mod elf;
mod linked;

use std::collections::BTreeMap;

use replab_board::{Backends, Board, MemoryKind, Region};

pub(crate) use elf::{MARKS, Parts, elf};
pub(crate) use linked::{
    GLOBAL_FUNCTION, GLOBAL_VARIABLE, LOCAL_FUNCTION, Name, Piece, WEAK_FUNCTION, linked,
};

/// Some bytes of memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ram {
    bytes: BTreeMap<u32, u8>,
}

impl Ram {
    pub(crate) fn of_words(at: u32, words: &[u32]) -> Ram {
        let mut ram = Ram::default();
        ram.put_words(at, words);
        ram
    }

    pub(crate) fn put_words(&mut self, at: u32, words: &[u32]) {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.put(at, &bytes);
    }

    pub(crate) fn put(&mut self, at: u32, bytes: &[u8]) {
        self.bytes.extend((at..).zip(bytes.iter().copied()));
    }

    pub(crate) fn read(&self, address: u32, length: usize) -> Option<Vec<u8>> {
        (0..length as u32)
            .map(|offset| self.bytes.get(&address.checked_add(offset)?).copied())
            .collect()
    }
}

/// 2 MiB of flash at 0, 264 KiB of RAM at 0x20000000.
pub(crate) fn board() -> Board {
    let region = |at, size, kind| Region { at, size, kind };
    Board {
        name: "test".to_owned(),
        title: String::new(),
        instruction_ns: 8,
        memory: BTreeMap::from([
            ("flash".to_owned(), region(0, 0x20_0000, MemoryKind::Flash)),
            ("ram".to_owned(), region(0x2000_0000, 0x4_2000, MemoryKind::Ram)),
        ]),
        nonvolatile: BTreeMap::new(),
        file_system: None,
        ports: BTreeMap::new(),
        pins: Vec::new(),
        roles: BTreeMap::new(),
        buttons: BTreeMap::new(),
        analog: BTreeMap::new(),
        firmware: String::new(),
        backends: Backends { qemu: None, renode: None },
    }
}
