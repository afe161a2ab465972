// SPDX-License-Identifier: MIT
//
// Input and output, time and sleep.

#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "extmod/misc.h"
#include "deadline.h"

// As large as on the rp2 port.
#define RECEIVE_BUFFER_BYTES (512)

// How often to poll a transmitter that is not ready before sleeping a little.
// An emulator's UART is ready at once, unless nobody reads the other end.
#define SEND_POLLS (200)
#define SEND_RETRY_US (1000)

// Shorter delays are not worth a sleep, which costs a microsecond or two.
#define SLEEP_MIN_US (1000)

#define FOREVER UINT64_MAX

static uint8_t receive_buffer[RECEIVE_BUFFER_BYTES];
ringbuf_t stdin_ringbuf = { receive_buffer, sizeof(receive_buffer), 0, 0 };

static volatile bool event_signalled;

uint64_t mp_hal_epoch_offset_us;

// ---- Waiting ----

void mp_hal_signal_event(void) {
    event_signalled = true;
}

// Sleeps until `at_us`, or until something happens; it may already have. That is
// what the WFE instruction is for, but QEMU's WFE does not wait (10.0.2,
// target/arm/tcg/op_helper.c). WFI does, also with interrupts masked; so we look
// at a flag of our own while they are, and no wake-up can slip through between
// the look and the sleep.
static void sleep_until(uint64_t at_us) {
    deadline_t wake_up = { .expired = NULL };
    uint32_t state = MICROPY_BEGIN_ATOMIC_SECTION();
    if (!event_signalled) {
        if (at_us != FOREVER) {
            deadline_add(&wake_up, at_us);
        }
        __asm volatile ("wfi" : : : "memory");
        if (at_us == FOREVER) {
            mcu_clock_catch_up();
        }
    }
    event_signalled = false;
    // The interrupt that woke us is handled here, and signals an event: the next
    // call will not sleep, but the caller looks around twice. That is harmless,
    // and no event is lost.
    MICROPY_END_ATOMIC_SECTION(state);
    if (at_us != FOREVER) {
        deadline_remove(&wake_up);
    }
}

void mp_hal_wait_for_event(mp_uint_t timeout_ms) {
    if (timeout_ms == (mp_uint_t)-1) {
        sleep_until(FOREVER);
    } else if (timeout_ms > 0) {
        sleep_until(mp_hal_clock_us() + (uint64_t)timeout_ms * 1000);
    }
}

// ---- Time ----

uint64_t mp_hal_clock_us(void) {
    uint32_t state = MICROPY_BEGIN_ATOMIC_SECTION();
    uint64_t now = mcu_clock_us();
    MICROPY_END_ATOMIC_SECTION(state);
    return now;
}

uint64_t mp_hal_time_ns(void) {
    return (mp_hal_epoch_offset_us + mp_hal_clock_us()) * 1000;
}

// One deadline for the whole delay: rounding does not add up, as it does when
// each turn of the loop waits for what is left in milliseconds.
static void delay_until(uint64_t at_us) {
    mp_event_handle_nowait();
    while (mp_hal_clock_us() < at_us) {
        sleep_until(at_us);
        mp_event_handle_nowait();
    }
}

void mp_hal_delay_ms(mp_uint_t ms) {
    delay_until(mp_hal_clock_us() + (uint64_t)ms * 1000);
}

void mp_hal_delay_us(mp_uint_t us) {
    if (us < SLEEP_MIN_US) {
        mp_hal_delay_us_fast(us);
    } else {
        delay_until(mp_hal_clock_us() + us);
    }
}

void mp_hal_delay_us_fast(mp_uint_t us) {
    uint64_t end = mp_hal_clock_us() + us;
    while (mp_hal_clock_us() < end) {
    }
}

// ---- Input ----

bool mp_hal_uart_has_room(void) {
    return ringbuf_free(&stdin_ringbuf) > 0;
}

void mp_hal_uart_receive(uint8_t byte) {
    if (byte == mp_interrupt_char) {
        mp_sched_keyboard_interrupt();
    } else {
        ringbuf_put(&stdin_ringbuf, byte);
    }
}

static int take_received(void) {
    uint32_t state = MICROPY_BEGIN_ATOMIC_SECTION();
    bool was_full = !mp_hal_uart_has_room();
    int byte = ringbuf_get(&stdin_ringbuf);
    if (was_full) {
        mcu_uart_resume_receive();
    }
    MICROPY_END_ATOMIC_SECTION(state);
    return byte;
}

uintptr_t mp_hal_stdio_poll(uintptr_t poll_flags) {
    uintptr_t ready = poll_flags & MP_STREAM_POLL_WR;
    if ((poll_flags & MP_STREAM_POLL_RD) && ringbuf_avail(&stdin_ringbuf) > 0) {
        ready |= MP_STREAM_POLL_RD;
    }
    return ready | mp_os_dupterm_poll(poll_flags);
}

int mp_hal_stdin_rx_chr(void) {
    for (;;) {
        int byte = take_received();
        if (byte < 0) {
            byte = mp_os_dupterm_rx_chr();
        }
        if (byte >= 0) {
            return byte;
        }
        mp_event_wait_indefinite();
    }
}

// ---- Output ----

static void send(uint8_t byte) {
    mcu_uart_send(byte);
    for (unsigned polls = 0; !mcu_uart_is_sent(); ++polls) {
        if (polls >= SEND_POLLS) {
            // The reader is slow. No interrupt will tell when it goes on.
            sleep_until(mp_hal_clock_us() + SEND_RETRY_US);
        }
    }
}

mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t length) {
    for (size_t i = 0; i < length; ++i) {
        send((uint8_t)text[i]);
    }
    int duplicated = mp_os_dupterm_tx_strn(text, length);
    return duplicated >= 0 ? MIN((mp_uint_t)duplicated, length) : length;
}

// ---- Chance ----

uint32_t mp_hal_random_u32(void) {
    uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i) {
        value = value << 8 | mcu_random_byte();
    }
    return value;
}
