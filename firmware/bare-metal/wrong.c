/* What goes wrong on purpose (wrong.h). */
#include "wrong.h"

#include "nrf51.h"

/* Neither memory nor a device of the nRF51 is there (Armv6-M Architecture
 * Reference Manual §B3.1: external RAM, of which the chip has none). */
#define NOWHERE 0x70000000u

void read_nowhere(void) { (void)REGISTER(NOWHERE); }

void write_nowhere(void) { REGISTER(NOWHERE) = 1; }

void read_unaligned(void) {
    static uint32_t words[2];
    /* The address goes through a register that the compiler knows nothing of. */
    uintptr_t address = (uintptr_t)words + 1;
    __asm volatile("" : "+r"(address));
    (void)REGISTER(address);
}

void execute_undefined(void) { __asm volatile("udf #42"); }

/* It would end after 2^32 calls. What is done with the result keeps the call
 * from being a jump. */
__attribute__((noinline)) static uint32_t recurse(uint32_t depth) {
    volatile uint32_t kept = depth;
    return kept == UINT32_MAX ? 0 : recurse(depth + 1) + kept;
}

void recurse_endlessly(void) { recurse(0); }

void call_null_pointer(void) {
    static void (*volatile callback)(void);
    callback();
}

void call_nowhere(void) {
    static void (*volatile callback)(void) = (void (*)(void))(NOWHERE | 1);
    callback();
}

/* The handler of an NMI has a higher priority than that of a HardFault, so a
 * fault in it is a lockup, and no handler is entered (§B1.5.15). */
void lock_up(void) {
    ICSR = ICSR_NMIPENDSET;
    __asm volatile("dsb\n\tisb");
}

void non_maskable_interrupt(void) { read_nowhere(); }

void hang_endlessly(void) {
    for (;;) {
    }
}

/* A pending interrupt ends WFI also with interrupts off (§B1.5.17), so none may come. */
void sleep_forever(void) {
    NVIC_ICER = 0xffffffff;
    SYST_CSR = 0;
    for (;;) {
        __asm volatile("cpsid i\n\twfi");
    }
}
