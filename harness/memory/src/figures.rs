//! How full stack and heap are.

use crate::{HeapMarks, Marks, Read, word};

/// A stack, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StackFigures {
    /// What there is.
    pub size: u32,
    /// The most that was used at once since power-on: from the top down to the
    /// lowest byte that is no longer paint. What was only reserved, or written with
    /// the paint's own value, is not seen. Equal to `size` if it ran over.
    pub peak: u32,
}

/// MicroPython's heap, in bytes, by whole blocks, as `gc` counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeapFigures {
    /// What there is for objects: `used` and `free`.
    pub total: u32,
    /// What objects hold, also dead ones that no collection has found yet: `gc.mem_alloc()`.
    pub used: u32,
    /// The rest: `gc.mem_free()`.
    pub free: u32,
    /// The longest free piece in one: no object can be longer.
    pub largest_free: u32,
}

/// A heap's table longer than this is taken for broken: it would stand for 64 MiB
/// of blocks of 16 bytes.
const LONGEST_TABLE: u32 = 1 << 20;

/// The figures of the stack. `content` is the stack's memory from `marks.stack_low` on,
/// and `paint` what each byte of it was at power-on.
pub fn stack_figures(marks: &Marks, paint: u8, content: &[u8]) -> StackFigures {
    let size = marks.stack_high.saturating_sub(marks.stack_low);
    let unused = content.iter().take_while(|&&byte| byte == paint).count();
    let unused = u32::try_from(unused).unwrap_or(u32::MAX);
    StackFigures { size, peak: size.saturating_sub(unused) }
}

/// The figures of the heap; `None` if the firmware has none, has not set it up yet,
/// or its tables cannot be read.
pub fn heap_figures(marks: &Marks, read: Read<'_>) -> Option<HeapFigures> {
    let heap: &HeapMarks = marks.heap.as_ref()?;
    let start = word(read, heap.table_start)?;
    let bytes = word(read, heap.table_bytes)?;
    let pool = word(read, heap.pool_end)?.checked_sub(word(read, heap.pool_start)?)?;
    // MicroPython makes table and pool for the same number of blocks (py/gc.c, gc_setup_area).
    let blocks = pool / heap.bytes_per_block;
    if bytes == 0 || bytes > LONGEST_TABLE || blocks != bytes * BLOCKS_PER_BYTE {
        return None;
    }
    let table = read(start, usize::try_from(bytes).ok()?)?;
    let (mut free, mut run, mut longest) = (0, 0, 0);
    for block in 0..blocks {
        let byte = *table.get((block / BLOCKS_PER_BYTE) as usize)?;
        // py/gc.c: 0 is free, 1 a head, 2 a tail, 3 a head that a collection has marked.
        if byte >> (2 * (block % BLOCKS_PER_BYTE)) & 3 == 0 {
            free += 1;
            run += 1;
            longest = longest.max(run);
        } else {
            run = 0;
        }
    }
    let size = heap.bytes_per_block;
    Some(HeapFigures {
        total: blocks * size,
        used: (blocks - free) * size,
        free: free * size,
        largest_free: longest * size,
    })
}

/// Blocks for each byte of the allocation table (py/gc.c, BLOCKS_PER_ATB).
const BLOCKS_PER_BYTE: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Ram;

    #[track_caller]
    fn check_stack(content: &[u8], peak: u32) {
        let marks = Marks { stack_low: 0x100, stack_high: 0x108, heap: None };
        assert_eq!(stack_figures(&marks, 0xa5, content), StackFigures { size: 8, peak });
    }

    #[test]
    fn the_peak_is_the_lowest_byte_that_is_not_paint() {
        check_stack(&[0xa5; 8], 0);
        check_stack(&[0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 1], 1);
        check_stack(&[0xa5, 0xa5, 7, 0xa5, 0xa5, 0xa5, 0xa5, 1], 6);
        check_stack(&[0, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 1], 8);
    }

    /// Blocks of 16 bytes whose kinds are `table`, four in each byte, lowest bits first.
    #[track_caller]
    fn check_heap(table: &[u8], expected: Option<(u32, u32, u32, u32)>) {
        let blocks = 4 * table.len() as u32;
        let words = [0x200, table.len() as u32, 0x1000, 0x1000 + 16 * blocks];
        assert_eq!(figures(&words, table), expected);
    }

    fn figures(words: &[u32], table: &[u8]) -> Option<(u32, u32, u32, u32)> {
        let mut ram = Ram::of_words(0x100, words);
        ram.put(0x200, table);
        let heap = HeapMarks {
            table_start: 0x100,
            table_bytes: 0x104,
            pool_start: 0x108,
            pool_end: 0x10c,
            bytes_per_block: 16,
        };
        let marks = Marks { stack_low: 0, stack_high: 1, heap: Some(heap) };
        let figures = heap_figures(&marks, &mut |address, length| ram.read(address, length));
        figures.map(|it| (it.total, it.used, it.free, it.largest_free))
    }

    #[test]
    fn blocks_are_counted_by_their_two_bits() {
        check_heap(&[0b00_00_00_00], Some((64, 0, 64, 64)));
        check_heap(&[0b10_10_10_01, 0b11_01_10_10], Some((128, 128, 0, 0)));
    }

    #[test]
    fn the_largest_free_piece_crosses_bytes_of_the_table() {
        check_heap(&[0b00_00_01_00, 0b01_00_00_00], Some((128, 32, 96, 80)));
        check_heap(&[0b01_01_01_01, 0], Some((128, 64, 64, 64)));
        check_heap(&[0, 0b00_00_01_00], Some((128, 16, 112, 80)));
    }

    #[test]
    fn a_heap_that_is_not_set_up_has_no_figures() {
        assert_eq!(figures(&[0, 0, 0, 0], &[]), None);
        assert_eq!(figures(&[0x200, 2, 0x1000, 0x1040], &[0, 0]), None, "one byte is too many");
        assert_eq!(figures(&[0x200, u32::MAX, 0, u32::MAX], &[]), None);
        assert_eq!(figures(&[0x700, 1, 0x1000, 0x1040], &[]), None, "the table is nowhere");
        assert_eq!(figures(&[0xa5a5_a5a5; 4], &[]), None, "paint");
    }
}
