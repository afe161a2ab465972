/* The vector table, and what runs before main. */
#include "wrong.h"

#include <stdint.h>

typedef void (*Vector)(void);

extern uint32_t data_source[], data_start[], data_end[], bss_start[], bss_end[], stack_top[];
extern int main(void);
extern void uart_interrupt(void), timer_interrupt(void), systick_interrupt(void), gpiote_interrupt(void);

void start(void) {
    const uint32_t *from = data_source;
    for (volatile uint32_t *to = data_start; to < data_end; to++) {
        *to = *from++;
    }
    for (volatile uint32_t *to = bss_start; to < bss_end; to++) {
        *to = 0;
    }
    main();
    for (;;) {
    }
}

/* A breakpoint in the handler of a HardFault is a lockup. So no lab that lets
 * one instruction of this run gets away with it. */
static void hard_fault(void) {
    for (;;) {
        __asm volatile("bkpt 0");
    }
}

static void unexpected(void) {
    for (;;) {
    }
}

/* Of these, each program has those that it expects. */
__attribute__((weak, alias("unexpected"))) void timer_interrupt(void), systick_interrupt(void), gpiote_interrupt(void),
    non_maskable_interrupt(void);

/* Armv6-M Architecture Reference Manual §B1.5.3; the interrupts from 16 on are
 * those of the nRF51 (nrf51.h). */
__attribute__((section(".vectors"), used)) static const Vector vectors[16 + 32] = {
    [0] = (Vector)(uintptr_t)stack_top,
    [1] = start,
    [2] = non_maskable_interrupt,
    [3] = hard_fault,
    [11] = unexpected,
    [14] = unexpected,
    [15] = systick_interrupt,
    [16 + 2] = uart_interrupt,
    [16 + 6] = gpiote_interrupt,
    [16 + 9] = timer_interrupt,
};

/* What the lab may know of our memory: docs/memory.md. There is no heap, and the
 * stack has all that the variables leave. */
enum { MARKS_MAGIC = 0x4d4c5052, MARKS_VERSION = 1, HEAP_NONE = 0 };

extern const struct {
    uint32_t magic, version;
    const void *stack_low, *stack_high;
    uint32_t heap;
} replab_marks;

__attribute__((section(".replab_marks"), used)) const __typeof__(replab_marks) replab_marks = {
    MARKS_MAGIC, MARKS_VERSION, bss_end, stack_top, HEAP_NONE,
};
