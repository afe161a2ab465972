// SPDX-License-Identifier: MIT
//
// The last words. A Pico that takes a HardFault just hangs; we say why first, in
// one line that a program can find.

#include "py/mpprint.h"
#include "mcu/mcu.h"
#include "fatal.h"

extern uint8_t _sdata[], _estack[];

// How often to ask whether a byte is sent. A reader that is gone must not keep us
// from halting.
#define SEND_POLLS (1000000)

// The order in which the CPU pushes (ARMv6-M Architecture Reference Manual,
// §B1.5.6, "Exception entry behavior").
enum { FRAME_R0, FRAME_R1, FRAME_R2, FRAME_R3, FRAME_R12, FRAME_LR, FRAME_PC, FRAME_PSR, FRAME_WORDS };

// Needs neither interrupts nor the heap, and calls no Python: os.dupterm() does
// not see this output.
static void print_polled(void *env, const char *text, size_t length) {
    (void)env;
    for (size_t i = 0; i < length; ++i) {
        mcu_uart_send((uint8_t)text[i]);
        for (unsigned polls = 0; polls < SEND_POLLS && !mcu_uart_is_sent(); ++polls) {
        }
    }
}

static const mp_print_t polled_print = { NULL, print_polled };

static bool is_readable(const uint32_t *frame) {
    uintptr_t address = (uintptr_t)frame;
    return address % 4 == 0
           && address >= (uintptr_t)_sdata
           && address <= (uintptr_t)_estack - 4 * FRAME_WORDS;
}

void fatal_exception(const uint32_t *frame, uint32_t exception) {
    const mp_print_t *out = &polled_print;
    if (exception == 3) {
        mp_printf(out, "\r\nFATAL: HardFault sp=%08x", (unsigned)(uintptr_t)frame);
    } else {
        mp_printf(out, "\r\nFATAL: exception %u sp=%08x", (unsigned)exception, (unsigned)(uintptr_t)frame);
    }
    if (is_readable(frame)) {
        static const struct { char name[4]; uint8_t index; } registers[] = {
            { "pc", FRAME_PC }, { "lr", FRAME_LR }, { "psr", FRAME_PSR }, { "r0", FRAME_R0 },
            { "r1", FRAME_R1 }, { "r2", FRAME_R2 }, { "r3", FRAME_R3 }, { "r12", FRAME_R12 },
        };
        for (unsigned i = 0; i < sizeof(registers) / sizeof(registers[0]); ++i) {
            mp_printf(out, " %s=%08x", registers[i].name, (unsigned)frame[registers[i].index]);
        }
    }
    mp_printf(out, "\r\n");
    mcu_halt();
}

void fatal_error(const char *message) {
    mp_printf(&polled_print, "\r\nFATAL: %s\r\n", message);
    mcu_halt();
}
