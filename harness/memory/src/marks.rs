//! The firmware's marks: a table of addresses in its memory (`docs/memory.md`).

use crate::{Image, Read, word};

/// The symbol of the table.
const SYMBOL: &str = "replab_marks";

/// `RPLM`.
const MAGIC: u32 = u32::from_le_bytes(*b"RPLM");

const VERSION: u32 = 1;

/// Where a firmware's stack and heap are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// The lowest address of the stack.
    pub stack_low: u32,
    /// The address right above the stack; greater than `stack_low`.
    pub stack_high: u32,
    /// The heap, if there is one whose kind is known.
    pub heap: Option<HeapMarks>,
}

/// MicroPython's heap: the addresses of the variables that say where it is
/// (MicroPython 1.25, `py/mpstate.h`, `mp_state_mem_area_t`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeapMarks {
    /// Of `gc_alloc_table_start`: a pointer to two bits for each block.
    pub table_start: u32,
    /// Of `gc_alloc_table_byte_len`.
    pub table_bytes: u32,
    /// Of `gc_pool_start`: a pointer to the first block.
    pub pool_start: u32,
    /// Of `gc_pool_end`: a pointer to the byte behind the last one.
    pub pool_end: u32,
    /// Bytes of a block; not zero.
    pub bytes_per_block: u32,
}

/// Why a firmware's marks cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarksError {
    /// The firmware has none.
    #[error("the firmware has no symbol `replab_marks`")]
    None,
    /// The table cannot be read.
    #[error("the firmware's marks at {address:#010x} are in no memory")]
    Unreadable {
        /// Where they should be.
        address: u32,
    },
    /// What is there is no table.
    #[error("at {address:#010x}, where the firmware's marks should be, are none")]
    NoMagic {
        /// Where they should be.
        address: u32,
    },
    /// A format of another version of the lab.
    #[error("the firmware's marks are of version {version} (known is version 1)")]
    UnknownVersion {
        /// What the table says.
        version: u32,
    },
    /// A stack that ends before it begins, or blocks of no size.
    #[error("the firmware's marks at {address:#010x} contradict themselves")]
    Absurd {
        /// Where they are.
        address: u32,
    },
}

impl Marks {
    /// Finds the marks of the firmware `image` in a machine's memory.
    ///
    /// # Errors
    ///
    /// [`MarksError`] if there are none or they cannot be understood.
    pub fn find(image: &Image, read: Read<'_>) -> Result<Marks, MarksError> {
        Marks::at(image.symbol(SYMBOL).ok_or(MarksError::None)?, read)
    }

    fn at(address: u32, read: Read<'_>) -> Result<Marks, MarksError> {
        let unreadable = MarksError::Unreadable { address };
        let mut field = |index: u32| {
            address.checked_add(4 * index).and_then(|at| word(read, at)).ok_or(unreadable)
        };
        if field(0)? != MAGIC {
            return Err(MarksError::NoMagic { address });
        }
        let version = field(1)?;
        if version != VERSION {
            return Err(MarksError::UnknownVersion { version });
        }
        let (stack_low, stack_high) = (field(2)?, field(3)?);
        let heap = match field(4)? {
            1 => Some(HeapMarks {
                table_start: field(5)?,
                table_bytes: field(6)?,
                pool_start: field(7)?,
                pool_end: field(8)?,
                bytes_per_block: field(9)?,
            }),
            // None, or of a kind that came after this program.
            _ => None,
        };
        let marks = Marks { stack_low, stack_high, heap };
        if stack_low >= stack_high || heap.is_some_and(|heap| heap.bytes_per_block == 0) {
            return Err(MarksError::Absurd { address });
        }
        Ok(marks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Ram;

    #[track_caller]
    fn check(words: &[u32], expected: Result<Marks, MarksError>) {
        let ram = Ram::of_words(0x100, words);
        assert_eq!(Marks::at(0x100, &mut |address, length| ram.read(address, length)), expected);
    }

    const STACK: Marks = Marks { stack_low: 0x2000_1000, stack_high: 0x2000_2000, heap: None };

    #[test]
    fn a_table_without_a_heap_is_short() {
        check(&[MAGIC, 1, 0x2000_1000, 0x2000_2000, 0], Ok(STACK));
    }

    #[test]
    fn a_heap_of_an_unknown_kind_is_none() {
        check(&[MAGIC, 1, 0x2000_1000, 0x2000_2000, 77], Ok(STACK));
    }

    #[test]
    fn a_heap_has_the_addresses_of_its_variables() {
        let heap = HeapMarks {
            table_start: 0x10,
            table_bytes: 0x14,
            pool_start: 0x18,
            pool_end: 0x1c,
            bytes_per_block: 16,
        };
        check(
            &[MAGIC, 1, 0x2000_1000, 0x2000_2000, 1, 0x10, 0x14, 0x18, 0x1c, 16],
            Ok(Marks { heap: Some(heap), ..STACK }),
        );
    }

    #[test]
    fn what_is_no_table_says_so() {
        let address = 0x100;
        check(&[], Err(MarksError::Unreadable { address }));
        check(&[MAGIC, 1, 0x2000_1000], Err(MarksError::Unreadable { address }));
        check(&[MAGIC, 1, 1, 2, 1, 3], Err(MarksError::Unreadable { address }));
        check(&[0, 1, 1, 2, 0], Err(MarksError::NoMagic { address }));
        check(&[MAGIC, 2, 1, 2, 0], Err(MarksError::UnknownVersion { version: 2 }));
        check(&[MAGIC, 1, 2, 2, 0], Err(MarksError::Absurd { address }));
        check(&[MAGIC, 1, 1, 2, 1, 3, 3, 3, 3, 0], Err(MarksError::Absurd { address }));
    }
}
