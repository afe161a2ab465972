// SPDX-License-Identifier: MIT
//
// machine.bitstream(): bits as high pulses of two lengths, for example for
// WS2812 LEDs. The Python side is in extmod/machine_bitstream.c.

#include "py/mphal.h"
#include "extmod/modmachine.h"
#include "deadline.h"

static uint32_t ns_to_ticks(uint32_t ns) {
    return (uint32_t)(((uint64_t)ns * MCU_TICK_HZ + 500000000) / 1000000000);
}

static void wait_for_tick(uint32_t tick) {
    while ((int32_t)(mcu_ticks() - tick) < 0) {
    }
}

// timing_ns: high and low time of a 0 bit, then of a 1 bit.
void machine_bitstream_high_low(mp_hal_pin_obj_t pin, uint32_t *timing_ns, const uint8_t *data, size_t length) {
    uint32_t ticks[4];
    for (unsigned i = 0; i < 4; ++i) {
        ticks[i] = ns_to_ticks(timing_ns[i]);
    }
    mp_hal_pin_low(pin);
    mp_hal_pin_output(pin);

    uint32_t state = mp_hal_quiet_timing_enter();
    mcu_ticks_start();
    // Each edge has its moment, counted from the first one: what a late edge
    // costs is made up by the next.
    uint32_t edge = mcu_ticks();
    for (size_t i = 0; i < length; ++i) {
        for (int bit = 7; bit >= 0; --bit) {
            const uint32_t *high_low = &ticks[data[i] >> bit & 1 ? 2 : 0];
            wait_for_tick(edge);
            mp_hal_pin_high(pin);
            edge += high_low[0];
            wait_for_tick(edge);
            mp_hal_pin_low(pin);
            edge += high_low[1];
        }
    }
    wait_for_tick(edge);
    mcu_ticks_stop();
    deadline_rearm();
    mp_hal_quiet_timing_exit(state);
}
