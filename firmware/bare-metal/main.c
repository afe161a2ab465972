/* Test firmware for lab-m0: a prompt and a few commands, with nothing of an
 * operating system or a library below it. README.md lists the commands.
 *
 * It sleeps in WFI whenever it waits, and nothing ticks unless `tick on` was
 * typed, so that a test decides what its clock does. */
#include "nrf51.h"
#include "wrong.h"

#include <stdbool.h>
#include <stddef.h>

enum { RING = 512, LINE = 4096 };

static volatile uint8_t ring[RING];
static volatile uint32_t ring_in, ring_out, ticks;
static volatile bool timer_fired;

static void interrupts_off(void) { __asm volatile("cpsid i" ::: "memory"); }
static void interrupts_on(void) { __asm volatile("cpsie i" ::: "memory"); }

/* To be called with interrupts off: a pending one ends the sleep all the same. */
static void sleep_until_interrupt(void) { __asm volatile("wfi" ::: "memory"); }

/* ---- The UART ---- */

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
    static const uint32_t powers[] = {1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1};
    bool begun = false;
    for (size_t i = 0; i < sizeof powers / sizeof *powers; i++) {
        char digit = '0';
        for (; n >= powers[i]; n -= powers[i]) {
            digit++;
        }
        begun = begun || digit != '0' || powers[i] == 1;
        if (begun) {
            put(digit);
        }
    }
}

void uart_interrupt(void) {
    while (UART_RXDRDY) {
        if (ring_in - ring_out == RING) {
            /* No room: leave the byte in the UART until the ring is read. */
            UART_INTENCLR = UART_RXDRDY_BIT;
            return;
        }
        UART_RXDRDY = 0;
        ring[ring_in % RING] = (uint8_t)UART_RXD;
        ring_in++;
    }
}

static char get(void) {
    for (;;) {
        interrupts_off();
        if (ring_in != ring_out) {
            break;
        }
        sleep_until_interrupt();
        interrupts_on();
    }
    char c = (char)ring[ring_out % RING];
    ring_out++;
    UART_INTENSET = UART_RXDRDY_BIT;
    interrupts_on();
    return c;
}

static void get_line(char *line) {
    size_t n = 0;
    for (char c = get(); c != '\r'; c = get()) {
        if (n < LINE - 1) {
            line[n++] = c;
        }
    }
    line[n] = 0;
}

/* ---- Time ---- */

void timer_interrupt(void) {
    TIMER_INTENCLR = TIMER_COMPARE0_BIT;
    TIMER_COMPARE0 = 0;
    timer_fired = true;
}

void systick_interrupt(void) { ticks++; }

static uint32_t microseconds(void) {
    TIMER_CAPTURE1 = 1;
    return TIMER_CC1;
}

static void sleep_until(uint32_t deadline) {
    timer_fired = false;
    TIMER_COMPARE0 = 0;
    TIMER_CC0 = deadline;
    TIMER_INTENSET = TIMER_COMPARE0_BIT;
    if ((int32_t)(microseconds() - deadline) >= 0) {
        /* Too late for the compare, which would come after 71 minutes. */
        TIMER_INTENCLR = TIMER_COMPARE0_BIT;
        return;
    }
    interrupts_off();
    while (!timer_fired) {
        sleep_until_interrupt();
        interrupts_on();
        interrupts_off();
    }
    interrupts_on();
}

static void burn(uint32_t loops) {
    for (; loops; loops--) {
        __asm volatile("" ::: "memory");
    }
}

/* ---- Pins ---- */

static void set_pin(uint32_t pin, bool high) {
    if (high) {
        GPIO_OUTSET = 1u << pin;
    } else {
        GPIO_OUTCLR = 1u << pin;
    }
    GPIO_DIRSET = 1u << pin;
}

static void toggle_pin(uint32_t pin) { set_pin(pin, !(GPIO_OUT >> pin & 1)); }

static void blink(uint32_t pin, uint32_t times, uint32_t us, uint32_t loops) {
    uint32_t deadline = microseconds();
    for (; times; times--) {
        toggle_pin(pin);
        burn(loops);
        deadline += us;
        sleep_until(deadline);
    }
}

static uint32_t read_pin(uint32_t pin) {
    GPIO_DIRCLR = 1u << pin;
    GPIO_PIN_CNF(pin) = GPIO_INPUT_PULL_DOWN;
    return GPIO_IN >> pin & 1;
}

/* ---- Commands ---- */

/* If `*text` begins with `word` and a space or the end, goes past it. */
static bool takes(const char **text, const char *word) {
    const char *t = *text;
    while (*word && *t == *word) {
        t++, word++;
    }
    if (*word || (*t && *t != ' ')) {
        return false;
    }
    *text = *t ? t + 1 : t;
    return true;
}

static uint32_t number(const char **text) {
    uint32_t n = 0;
    while (**text >= '0' && **text <= '9') {
        n = n * 10 + (uint32_t)(*(*text)++ - '0');
    }
    while (**text == ' ') {
        (*text)++;
    }
    return n;
}

static void flood(uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) {
        put((char)('a' + (i & 15)));
    }
}

static void tick(bool on) {
    SYST_RVR = SYST_MILLISECOND - 1;
    SYST_CVR = 0;
    SYST_CSR = on ? SYST_ON : 0;
}

static void reset(void) {
    AIRCR = AIRCR_SYSRESETREQ;
    for (;;) {
    }
}

/* A function of its own, so that call chains show it. */
__attribute__((noinline)) static void execute(const char *line) {
    if (takes(&line, "echo")) {
        print(line);
    } else if (takes(&line, "set")) {
        uint32_t pin = number(&line) % GPIO_PINS;
        set_pin(pin, number(&line) != 0);
    } else if (takes(&line, "toggle")) {
        toggle_pin(number(&line) % GPIO_PINS);
    } else if (takes(&line, "blink")) {
        uint32_t pin = number(&line) % GPIO_PINS;
        uint32_t times = number(&line);
        uint32_t us = number(&line);
        blink(pin, times, us, number(&line));
    } else if (takes(&line, "read")) {
        print_number(read_pin(number(&line) % GPIO_PINS));
    } else if (takes(&line, "sleep forever")) {
        sleep_forever();
    } else if (takes(&line, "sleep")) {
        sleep_until(microseconds() + number(&line));
    } else if (takes(&line, "burn")) {
        burn(number(&line));
    } else if (takes(&line, "flood")) {
        flood(number(&line));
    } else if (takes(&line, "tick on")) {
        tick(true);
    } else if (takes(&line, "tick off")) {
        tick(false);
    } else if (takes(&line, "ticks")) {
        print_number(ticks);
    } else if (takes(&line, "time")) {
        print_number(microseconds());
    } else if (takes(&line, "fault write")) {
        write_nowhere();
    } else if (takes(&line, "fault unaligned")) {
        read_unaligned();
    } else if (takes(&line, "fault undefined")) {
        execute_undefined();
    } else if (takes(&line, "fault stack")) {
        recurse_endlessly();
    } else if (takes(&line, "fault jump")) {
        call_null_pointer();
    } else if (takes(&line, "fault nowhere")) {
        call_nowhere();
    } else if (takes(&line, "lockup")) {
        lock_up();
    } else if (takes(&line, "hang")) {
        hang_endlessly();
    } else if (takes(&line, "fault read") || takes(&line, "fault")) {
        read_nowhere();
    } else if (takes(&line, "reset")) {
        reset();
    } else {
        print("?");
    }
}

int main(void) {
    static char line[LINE];
    UART_ENABLE = UART_ENABLED;
    UART_STARTRX = 1;
    UART_STARTTX = 1;
    UART_INTENSET = UART_RXDRDY_BIT;
    TIMER_BITMODE = TIMER_32_BIT;
    TIMER_PRESCALER = TIMER_MICROSECONDS;
    TIMER_START = 1;
    NVIC_ISER = 1u << UART_IRQ | 1u << TIMER_IRQ;
    interrupts_on();
    print("replab bare metal\r\n");
    for (;;) {
        print("> ");
        get_line(line);
        execute(line);
        print("\r\n");
    }
}
