//! All memory of the machine, wherever it is seen, also where nothing sees it.

use std::ffi::c_int;
use std::ptr::from_mut;
use std::sync::Arc;

use super::{Opaque, q};

/// Bytes that are kept together.
const PAGE: usize = 4096;
/// Bytes of a page that are compared and written together. Code may stand beside
/// data, and would have to be translated again.
const LINE: usize = 32;

/// A piece of memory, which lives for ever.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    start: *mut u8,
    /// Its place among all memory of QEMU's, where translated code is looked up.
    offset: u64,
    length: usize,
}

// SAFETY: QEMU's memory. Who calls the methods stands in the main loop, with the machine stopped.
unsafe impl Send for Block {}

/// What a page holds.
pub(crate) type Page = Arc<[u8]>;

/// Called for each block of QEMU's, with the list.
extern "C" fn note(block: Opaque, list: Opaque) -> c_int {
    // SAFETY: the list that `all` hands over, and a block of QEMU's.
    unsafe {
        let list = &mut *list.cast::<Vec<Block>>();
        list.push(Block {
            start: (q().qemu_ram_get_host_addr)(block),
            offset: (q().qemu_ram_get_offset)(block),
            length: (q().qemu_ram_get_used_length)(block) as usize,
        });
    }
    0
}

impl Block {
    /// All there are, always in the same order once the machine is built.
    pub(crate) fn all() -> Vec<Block> {
        let mut all: Vec<Block> = Vec::new();
        // SAFETY: calls `note` with the list, and nobody keeps it.
        unsafe { (q().qemu_ram_foreach_block)(note, from_mut(&mut all).cast()) };
        all
    }

    fn page(&self, index: usize) -> (*mut u8, usize) {
        let at = index * PAGE;
        // SAFETY: within the block, as `pages` counts.
        (unsafe { self.start.add(at) }, PAGE.min(self.length - at))
    }

    fn pages(&self) -> std::ops::Range<usize> {
        0..self.length.div_ceil(PAGE)
    }

    /// What it holds, page by page; a page that is as in `before` is that one.
    pub(crate) fn keep(&self, before: Option<&[Page]>) -> Vec<Page> {
        let pages = self.pages().map(|index| {
            let (start, length) = self.page(index);
            let same =
                before.and_then(|before| before.get(index)).filter(|page| self.is(index, page));
            same.cloned().unwrap_or_else(|| {
                // SAFETY: so many bytes are there, and the machine stands: nobody writes them.
                Arc::from(unsafe { std::slice::from_raw_parts(start, length) })
            })
        });
        pages.collect()
    }

    fn is(&self, index: usize, page: &[u8]) -> bool {
        let (start, length) = self.page(index);
        // SAFETY: so many bytes are behind both.
        page.len() == length
            && unsafe { libc::memcmp(start.cast(), page.as_ptr().cast(), length) } == 0
    }

    /// It holds `pages` again. What does already is left alone; code that was
    /// translated from the rest is dropped.
    pub(crate) fn give_back(&self, pages: &[Page]) {
        for (index, page) in self.pages().zip(pages).filter(|(index, page)| !self.is(*index, page))
        {
            for (line, bytes) in page.chunks(LINE).enumerate() {
                self.give_back_line(index * PAGE + line * LINE, bytes);
            }
        }
    }

    fn give_back_line(&self, at: usize, bytes: &[u8]) {
        let offset = self.offset + at as u64;
        // SAFETY: so many bytes are behind both, for a page is as long as when it was
        // kept; the machine stands. What is dropped is looked up by the first and the
        // last byte, under QEMU's own locks (`accel/tcg/tb-maint.c`).
        unsafe {
            let start = self.start.add(at);
            if libc::memcmp(start.cast(), bytes.as_ptr().cast(), bytes.len()) != 0 {
                std::ptr::copy_nonoverlapping(bytes.as_ptr(), start, bytes.len());
                (q().tb_invalidate_phys_range)(offset, offset + bytes.len() as u64 - 1);
            }
        }
    }
}
