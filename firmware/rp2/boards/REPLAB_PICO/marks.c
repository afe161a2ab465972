// SPDX-License-Identifier: MIT
//
// Where the stack of core 0 and Python's heap are, for whoever reads this machine's
// memory from outside: the lab's docs/memory.md has the format. Nothing here runs.
// The stack's symbols are those of the port's memmap_mp_rp2040.ld, the heap's
// variables those of py/mpstate.h (mp_state_mem_area_t).

#include "py/mpstate.h"

extern uint8_t __StackBottom[], __StackTop[];

#if MICROPY_GC_SPLIT_HEAP
#error The marks know of one heap area only
#endif

// The port's linker script names no section for it: it is a constant like others,
// and the linker keeps it because mpconfigboard.cmake asks for the symbol.
const struct {
    uint32_t magic; // "RPLM" in memory
    uint32_t version;
    const void *stack_low, *stack_high;
    uint32_t heap_kind; // MicroPython's
    // Addresses of the variables, not their values.
    const void *alloc_table_start, *alloc_table_bytes, *pool_start, *pool_end;
    uint32_t bytes_per_block;
} replab_marks = {
    .magic = 0x4d4c5052,
    .version = 1,
    .stack_low = __StackBottom,
    .stack_high = __StackTop,
    .heap_kind = 1,
    .alloc_table_start = &MP_STATE_MEM(area).gc_alloc_table_start,
    .alloc_table_bytes = &MP_STATE_MEM(area).gc_alloc_table_byte_len,
    .pool_start = &MP_STATE_MEM(area).gc_pool_start,
    .pool_end = &MP_STATE_MEM(area).gc_pool_end,
    .bytes_per_block = MICROPY_BYTES_PER_GC_BLOCK,
};
