// SPDX-License-Identifier: MIT
//
// Where the stack and Python's heap are, for whoever reads this machine's memory
// from outside: replab's docs/memory.md has the format. Nothing here runs, and
// the heap's figures are read from MicroPython's own variables (py/mpstate.h,
// mp_state_mem_area_t).

#include "py/mpstate.h"

extern uint8_t _sstack[], _estack[];

#define MARKS_MAGIC (0x4d4c5052) // "RPLM" in memory
#define MARKS_VERSION (1)
#define HEAP_MICROPYTHON (1)

#if MICROPY_GC_SPLIT_HEAP
#error The marks know of one heap area only
#endif

typedef struct _marks_t {
    uint32_t magic;
    uint32_t version;
    const void *stack_low;
    const void *stack_high;
    uint32_t heap_kind;
    // Addresses of the variables, not their values.
    const void *alloc_table_start;
    const void *alloc_table_bytes;
    const void *pool_start;
    const void *pool_end;
    uint32_t bytes_per_block;
} marks_t;

extern const marks_t replab_marks;

__attribute__((section(".replab_marks"), used))
const marks_t replab_marks = {
    .magic = MARKS_MAGIC,
    .version = MARKS_VERSION,
    .stack_low = _sstack,
    .stack_high = _estack,
    .heap_kind = HEAP_MICROPYTHON,
    .alloc_table_start = &MP_STATE_MEM(area).gc_alloc_table_start,
    .alloc_table_bytes = &MP_STATE_MEM(area).gc_alloc_table_byte_len,
    .pool_start = &MP_STATE_MEM(area).gc_pool_start,
    .pool_end = &MP_STATE_MEM(area).gc_pool_end,
    .bytes_per_block = MICROPY_BYTES_PER_GC_BLOCK,
};
