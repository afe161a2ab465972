/* The vector table, and what runs before main. */
#include <stdint.h>

typedef void (*Vector)(void);

extern uint32_t bss_start[], bss_end[], stack_top[];
extern void main(void);
extern void timer_interrupt(void), pin_interrupt(void);

void start(void) {
    for (volatile uint32_t *word = bss_start; word < bss_end; word++) {
        *word = 0;
    }
    main();
    for (;;) {
        __asm volatile("wfi");
    }
}

static void unexpected(void) {
    for (;;) {
        __asm volatile("bkpt 0");
    }
}

/* Armv6-M Architecture Reference Manual §B1.5.3; interrupts from 16 on are those of
 * the RP2040's data sheet §2.3.2. VTOR wants it at a multiple of 256. */
__attribute__((section(".vectors"), used, aligned(256))) const Vector vectors[16 + 26] = {
    [0] = (Vector)(uintptr_t)stack_top,
    [1] = start,
    [2] = unexpected,
    [3] = unexpected,
    [16 + 0] = timer_interrupt,
    [16 + 13] = pin_interrupt,
};
