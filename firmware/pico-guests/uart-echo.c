// Echoes what comes on UART0. Bytes come by interrupt; between them the processor sleeps.

#include <stdio.h>

#include "hardware/irq.h"
#include "hardware/sync.h"
#include "hardware/uart.h"
#include "pico/stdlib.h"

// A power of two, so that the counters may wrap.
#define ROOM 256

static volatile unsigned char ring[ROOM];
static volatile unsigned received;
static unsigned echoed;

static void on_uart(void) {
    while (uart_is_readable(uart0)) {
        unsigned char byte = uart_getc(uart0);
        if (received - echoed < ROOM) {
            ring[received % ROOM] = byte;
            received = received + 1;
        }
    }
}

// Sleeps until there is a byte. An interrupt between the look and the sleep would be
// slept through; while interrupts are off it only wakes the processor.
static unsigned char next_byte(void) {
    for (;;) {
        uint32_t before = save_and_disable_interrupts();
        if (received != echoed) {
            restore_interrupts(before);
            return ring[echoed++ % ROOM];
        }
        __wfi();
        restore_interrupts(before);
    }
}

int main(void) {
    stdio_init_all();
    printf("uart-echo: ready\n");
    irq_set_exclusive_handler(UART0_IRQ, on_uart);
    irq_set_enabled(UART0_IRQ, true);
    uart_set_irq_enables(uart0, true, false);
    unsigned length = 0;
    for (;;) {
        unsigned char byte = next_byte();
        if (byte == '\r') {
            printf("\n%u bytes\n", length);
            length = 0;
        } else {
            uart_putc_raw(uart0, byte);
            length++;
        }
    }
}
