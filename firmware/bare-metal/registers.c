/* A prompt that stores and loads words, for tests of registers: they say what to
 * store, as a data sheet has it, and this does it. README.md lists the commands.
 *
 * It sleeps in WFI while it waits. The interrupt of GPIOTE clears each event that it
 * finds and counts it; each is also told by a change of pin 30, at once. */
#include "nrf51.h"

#include <stdbool.h>

enum { LINE = 64 };

static volatile uint32_t counts[GPIOTE_CHANNELS + 1];
static volatile char line[LINE];
static volatile uint32_t length;
static volatile bool is_complete;

static void put(char c) {
    UART_TXDRDY = 0;
    UART_TXD = (uint8_t)c;
    while (!UART_TXDRDY) {
    }
}

static void print(const char *text) {
    while (*text) {
        put(*text++);
    }
}

static void print_number(uint32_t n) {
    bool has_begun = false;
    for (int shift = 28; shift >= 0; shift -= 4) {
        uint32_t digit = n >> shift & 15;
        has_begun = has_begun || digit || shift == 0;
        if (has_begun) {
            put((char)(digit < 10 ? '0' + digit : 'a' + digit - 10));
        }
    }
}

void uart_interrupt(void) {
    while (UART_RXDRDY) {
        UART_RXDRDY = 0;
        char c = (char)UART_RXD;
        if (c == '\r') {
            is_complete = true;
        } else if (length < LINE - 1) {
            line[length++] = c;
        }
    }
}

static void count(uint32_t event, volatile uint32_t *reg) {
    if (*reg) {
        *reg = 0;
        counts[event]++;
        GPIO_OUT ^= 1u << GPIO_WITNESS;
    }
}

void gpiote_interrupt(void) {
    for (uint32_t n = 0; n < GPIOTE_CHANNELS; n++) {
        count(n, &GPIOTE_EVENTS_IN(n));
    }
    count(GPIOTE_CHANNELS, &GPIOTE_EVENTS_PORT);
}

/* The next hexadecimal number of the line from `*at` on. */
static uint32_t number(uint32_t *at) {
    uint32_t n = 0;
    while (*at < length && line[*at] == ' ') {
        ++*at;
    }
    for (; *at < length && line[*at] != ' '; ++*at) {
        char c = line[*at];
        n = n << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return n;
}

static void execute(void) {
    uint32_t at = 1;
    uint32_t address;
    switch (length ? line[0] : 0) {
    case 's':
        address = number(&at);
        REGISTER(address) = number(&at);
        break;
    case 'l':
        print_number(REGISTER(number(&at)));
        break;
    case 'e':
        for (uint32_t n = 0; n <= GPIOTE_CHANNELS; n++) {
            print_number(counts[n]);
            print(n < GPIOTE_CHANNELS ? " " : "");
            counts[n] = 0;
        }
        break;
    default:
        print("?");
    }
}

int main(void) {
    UART_ENABLE = UART_ENABLED;
    UART_STARTRX = 1;
    UART_STARTTX = 1;
    UART_INTENSET = UART_RXDRDY_BIT;
    NVIC_ISER = 1u << UART_IRQ | 1u << GPIOTE_IRQ;
    for (;;) {
        print("\r\n> ");
        __asm volatile("cpsid i" ::: "memory");
        while (!is_complete) {
            /* A pending interrupt ends the sleep all the same. */
            __asm volatile("wfi\n\tcpsie i\n\tisb\n\tcpsid i" ::: "memory");
        }
        __asm volatile("cpsie i" ::: "memory");
        execute();
        length = 0;
        is_complete = false;
    }
}
