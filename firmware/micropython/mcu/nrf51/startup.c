// SPDX-License-Identifier: MIT
//
// Vector table, the way from reset to main(), and the way to the end.

#include "mcu/mcu.h"
#include "mcu/nrf51/nrf51.h"
#include "fatal.h"

extern uint32_t _sidata[], _sdata[], _edata[], _sbss[], _ebss[];
extern uint8_t _estack[];

int main(void);
void UART0_IRQHandler(void);
void GPIOTE_IRQHandler(void);
void TIMER1_IRQHandler(void);

void Reset_Handler(void) {
    const uint32_t *source = _sidata;
    for (uint32_t *word = _sdata; word < _edata; ++word) {
        *word = *source++;
    }
    for (uint32_t *word = _sbss; word < _ebss; ++word) {
        *word = 0;
    }
    main();
    mcu_halt();
}

// Takes every exception that nobody expects, faults above all. The stack may be
// the very thing that is broken, so the report runs on a fresh one: what was
// there is not needed any more, as there is no way back.
__attribute__((naked)) void Fatal_Handler(void) {
    __asm volatile (
        "mrs r0, msp\n"
        "mrs r1, ipsr\n"
        "ldr r2, =_estack\n"
        "msr msp, r2\n"
        "ldr r2, =fatal_exception\n"
        "bx r2\n"
        ".ltorg\n"
        );
}

void mcu_init(void) {
    nrf51_gpio_init();
    // The order of these two matters. QEMU (10.0.2, hw/char/nrf51_uart.c) stops
    // asking for input while the receiver is off, and STARTRX does not make it
    // ask again: the first byte would wait for the main loop's next turn, up to
    // a second. Starting a timer afterwards is such a turn.
    nrf51_uart_init();
    nrf51_clock_init();
    NVIC_ISER = 1u << UART0_IRQ | 1u << GPIOTE_IRQ | 1u << TIMER1_IRQ;
    __asm volatile ("cpsie i");
}

void mcu_reset(void) {
    SCB_AIRCR = SCB_AIRCR_SYSRESETREQ;
    for (;;) {
    }
}

void mcu_halt(void) {
    // With an interrupt pending WFI would not wait, and the emulator would burn
    // a core of its host for nothing.
    __asm volatile ("cpsid i");
    NVIC_ICER = 0xffffffff;
    NVIC_ICPR = 0xffffffff;
    for (;;) {
        __asm volatile ("wfi");
    }
}

typedef void (*vector_t)(void);

// 16 vectors of the CPU, 32 of the chip. All interrupts have the same priority,
// so no handler interrupts another.
__attribute__((section(".isr_vector"), used))
static const vector_t isr_vector[16 + 32] = {
    [0] = (vector_t)_estack,
    [1] = Reset_Handler,
    [2 ... 16 + UART0_IRQ - 1] = Fatal_Handler,
    [16 + UART0_IRQ] = UART0_IRQHandler,
    [16 + UART0_IRQ + 1 ... 16 + GPIOTE_IRQ - 1] = Fatal_Handler,
    [16 + GPIOTE_IRQ] = GPIOTE_IRQHandler,
    [16 + GPIOTE_IRQ + 1 ... 16 + TIMER1_IRQ - 1] = Fatal_Handler,
    [16 + TIMER1_IRQ] = TIMER1_IRQHandler,
    [16 + TIMER1_IRQ + 1 ... 16 + 31] = Fatal_Handler,
};
