//! From blocks to pieces.

use std::collections::BTreeMap;

use super::{
    BLOCK, FILE_CONTAINER, Family, HAS_FAMILY, MAGIC_END, MAGIC_START_0, MAGIC_START_1,
    MOST_PAYLOAD, NOT_MAIN_FLASH, PAGE,
};
use crate::{FlashImage, Piece, Range};

/// Why a UF2 file is refused. Blocks are counted from 0, as they stand in the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uf2Error {
    /// It is no multiple of 512 bytes.
    #[error(
        "it has {bytes} bytes, which is {rest} more than {blocks} whole blocks of 512 (was the file cut off?)"
    )]
    CutOff {
        /// The file's.
        bytes: usize,
        /// Whole ones.
        blocks: usize,
        /// What is behind them.
        rest: usize,
    },
    /// A block begins or ends with other bytes than each must.
    #[error(
        "block {block} (offset {offset:#x}) has {found:#010x} where each block has {expected:#010x} (is the file damaged?)"
    )]
    NoBlock {
        /// Which.
        block: usize,
        /// Of the word.
        offset: usize,
        /// What is there.
        found: u32,
        /// What must be there.
        expected: u32,
    },
    /// No block is for this board's chip.
    #[error("its blocks are for {}, and the board is {} (build it for that, or choose another board)", list(.found), board(*.wanted))]
    OtherFamily {
        /// The families that it has.
        found: Vec<Family>,
        /// The one of the board's chip, if it has one.
        wanted: Option<Family>,
    },
    /// There is no block for flash at all.
    #[error("none of its {blocks} blocks is for the main flash")]
    Nothing {
        /// How many there are.
        blocks: usize,
    },
    /// A block has more bytes than its 512 hold, none, or none that the boot ROM takes.
    #[error(
        "block {block} (offset {offset:#x}) says that it holds {bytes} bytes for {address:#010x}; {allowed}"
    )]
    WrongSize {
        /// Which.
        block: usize,
        /// Of the block.
        offset: usize,
        /// What it says.
        bytes: u32,
        /// For where.
        address: u32,
        /// What may be.
        allowed: &'static str,
    },
    /// A block is for no flash of the board.
    #[error(
        "block {block} (offset {offset:#x}) is for {address:#010x}, where the board has no flash (it has {:#010x} to {:#010x}{})", .flash.at, .flash.end(), ram(*.address)
    )]
    OutsideFlash {
        /// Which.
        block: usize,
        /// Of the block.
        offset: usize,
        /// For where.
        address: u32,
        /// What the board has.
        flash: Range,
    },
    /// Two blocks do not agree how many there are.
    #[error(
        "block {block} (offset {offset:#x}) says that there are {found} blocks, and the first one said {expected} (are these two files in one?)"
    )]
    OtherTotal {
        /// Which.
        block: usize,
        /// Of the block.
        offset: usize,
        /// What it says.
        found: u32,
        /// What the first one said.
        expected: u32,
    },
    /// A block's number is not less than how many there are, or has come before.
    #[error(
        "block {block} (offset {offset:#x}) has the number {number} of {total}, which {why} (is the file damaged?)"
    )]
    WrongNumber {
        /// Which.
        block: usize,
        /// Of the block.
        offset: usize,
        /// What it says.
        number: u32,
        /// How many there are.
        total: u32,
        /// What is wrong with it.
        why: String,
    },
    /// Blocks are missing.
    #[error(
        "{missing} of its {total} blocks {}, the first one number {first} (was the file cut off? copy it again)", if *.missing == 1 { "is missing" } else { "are missing" }
    )]
    Missing {
        /// How many are not there.
        missing: u32,
        /// How many there should be.
        total: u32,
        /// The lowest number that is not there.
        first: u32,
    },
    /// Two blocks are for one place.
    #[error(
        "block {block} (offset {offset:#x}) is for {address:#010x}, which block {other} is for too (are these two files in one?)"
    )]
    Overlap {
        /// Which.
        block: usize,
        /// Of the block.
        offset: usize,
        /// For where.
        address: u32,
        /// The one before it.
        other: usize,
    },
}

/// One block, as far as it is read.
struct Block<'data> {
    /// Its place in the file.
    index: usize,
    flags: u32,
    address: u32,
    number: u32,
    total: u32,
    family: Option<Family>,
    payload: &'data [u8],
}

impl Block<'_> {
    fn offset(&self) -> usize {
        self.index * BLOCK
    }

    fn is_flash(&self) -> bool {
        self.flags & (NOT_MAIN_FLASH | FILE_CONTAINER) == 0
    }

    /// Blocks without a family are for whoever they are given to.
    fn is_for(&self, family: Option<Family>) -> bool {
        self.family.is_none() || self.family == family
    }
}

/// Reads the blocks that are for `family`'s chip and its `flash`. Blocks of another family
/// beside them are passed over, as a boot loader does; so are those that are for no flash.
///
/// # Errors
///
/// [`Uf2Error`], at the first block that is wrong.
pub fn read(file: &[u8], family: Option<Family>, flash: Range) -> Result<FlashImage, Uf2Error> {
    let (blocks, rest) = file.as_chunks::<BLOCK>();
    let blocks = blocks
        .iter()
        .enumerate()
        .map(|(index, bytes)| parse(index, bytes))
        .collect::<Result<Vec<_>, _>>()?;
    if !rest.is_empty() {
        let (bytes, blocks, rest) = (file.len(), blocks.len(), rest.len());
        return Err(Uf2Error::CutOff { bytes, blocks, rest });
    }
    let flash_blocks: Vec<_> = blocks.iter().filter(|block| block.is_flash()).collect();
    let ours: Vec<_> = flash_blocks.iter().filter(|block| block.is_for(family)).copied().collect();
    if ours.is_empty() {
        let mut found: Vec<_> = flash_blocks.iter().filter_map(|block| block.family).collect();
        found.sort_unstable();
        found.dedup();
        return Err(if found.is_empty() {
            Uf2Error::Nothing { blocks: blocks.len() }
        } else {
            Uf2Error::OtherFamily { found, wanted: family }
        });
    }
    for block in &ours {
        check_place(block, family, flash)?;
    }
    check_numbers(&ours, blocks.len())?;
    check_overlaps(&ours)?;
    let pieces =
        ours.iter().map(|block| Piece { address: block.address, bytes: block.payload.to_owned() });
    Ok(FlashImage::new(pieces.collect()).expect("no two blocks overlap"))
}

fn parse(index: usize, bytes: &[u8; BLOCK]) -> Result<Block<'_>, Uf2Error> {
    let word = |at: usize| {
        u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes were taken"))
    };
    for (at, expected) in [(0, MAGIC_START_0), (4, MAGIC_START_1), (508, MAGIC_END)] {
        let (offset, found) = (index * BLOCK + at, word(at));
        if found != expected {
            return Err(Uf2Error::NoBlock { block: index, offset, found, expected });
        }
    }
    let (flags, address, bytes_said) = (word(8), word(12), word(16));
    let allowed = match bytes_said {
        0 => Some("it must hold at least one"),
        1..=MOST_PAYLOAD => None,
        _ => Some("a block has room for 476"),
    };
    if let Some(allowed) = allowed {
        let offset = index * BLOCK;
        return Err(Uf2Error::WrongSize {
            block: index,
            offset,
            bytes: bytes_said,
            address,
            allowed,
        });
    }
    Ok(Block {
        index,
        flags,
        address,
        number: word(20),
        total: word(24),
        family: (flags & HAS_FAMILY != 0).then(|| Family(word(28))),
        payload: &bytes[32..32 + bytes_said as usize],
    })
}

fn check_place(block: &Block<'_>, family: Option<Family>, flash: Range) -> Result<(), Uf2Error> {
    let (index, offset, address) = (block.index, block.offset(), block.address);
    let bytes = u32::try_from(block.payload.len()).expect("it is at most 476");
    if family == Some(Family::RP2040) && (bytes != PAGE || address % PAGE != 0) {
        let allowed = "the RP2040's boot ROM takes blocks of 256 bytes at multiples of 256 alone";
        return Err(Uf2Error::WrongSize { block: index, offset, bytes, address, allowed });
    }
    if !flash.holds(address, block.payload.len()) {
        return Err(Uf2Error::OutsideFlash { block: index, offset, address, flash });
    }
    Ok(())
}

/// Each number below the total comes once. Where files of several families were put
/// together, numbers may run through all of them, so those of the others may be missing.
fn check_numbers(ours: &[&Block<'_>], all: usize) -> Result<(), Uf2Error> {
    let total = ours[0].total;
    let mut numbers = BTreeMap::new();
    for block in ours {
        let (index, offset, number) = (block.index, block.offset(), block.number);
        if block.total != total {
            let (found, expected) = (block.total, total);
            return Err(Uf2Error::OtherTotal { block: index, offset, found, expected });
        }
        let why = if number >= total {
            Some("is too much".to_owned())
        } else {
            numbers.insert(number, index).map(|other| format!("block {other} has too"))
        };
        if let Some(why) = why {
            return Err(Uf2Error::WrongNumber { block: index, offset, number, total, why });
        }
    }
    // There are at most as many numbers as the total says, which has 32 bits.
    let missing = total - numbers.len() as u32;
    if missing == 0 || total as usize == all {
        return Ok(());
    }
    let first = (0..total).find(|number| !numbers.contains_key(number)).unwrap_or(total);
    Err(Uf2Error::Missing { missing, total, first })
}

fn check_overlaps(ours: &[&Block<'_>]) -> Result<(), Uf2Error> {
    let mut sorted = ours.to_vec();
    sorted.sort_by_key(|block| block.address);
    for pair in sorted.windows(2) {
        let (before, after) = (pair[0], pair[1]);
        if u64::from(before.address) + before.payload.len() as u64 > u64::from(after.address) {
            // The one that stands later in the file is the one too many.
            let (other, block) =
                if before.index < after.index { (before, after) } else { (after, before) };
            return Err(Uf2Error::Overlap {
                block: block.index,
                offset: block.offset(),
                address: after.address,
                other: other.index,
            });
        }
    }
    Ok(())
}

fn list(families: &[Family]) -> String {
    families.iter().map(Family::to_string).collect::<Vec<_>>().join(" and ")
}

fn board(family: Option<Family>) -> String {
    family.map_or_else(|| "of no family that UF2 files name".to_owned(), |one| one.to_string())
}

/// A hint for programs that are loaded into RAM.
fn ram(address: u32) -> &'static str {
    match address >> 24 {
        0x20 => "; a program for RAM has nothing for the lab to start from",
        _ => "; look at the linker script",
    }
}
