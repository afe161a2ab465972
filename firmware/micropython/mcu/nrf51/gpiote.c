// SPDX-License-Identifier: MIT
//
// Edges of pins, by the channels of GPIOTE in event mode: one pin each. A fifth pin
// would need the event PORT, which all pins share and which tells levels.

#include "mcu/mcu.h"
#include "mcu/nrf51/nrf51.h"
#include "py/mphal.h"
#include "machine_pin.h"

_Static_assert(GPIOTE_CHANNELS == MCU_WATCH_PINS, "one channel for each pin");

// The channels in use, and their pins.
static uint8_t channels;
static uint8_t channel_pins[GPIOTE_CHANNELS];

// -1 if there is none. Interrupts are masked.
static int channel_of(unsigned pin) {
    for (int n = 0; n < GPIOTE_CHANNELS; ++n) {
        if ((channels >> n & 1) && channel_pins[n] == pin) {
            return n;
        }
    }
    return -1;
}

static int free_channel(void) {
    for (int n = 0; n < GPIOTE_CHANNELS; ++n) {
        if (!(channels >> n & 1)) {
            return n;
        }
    }
    return -1;
}

static void release(int n) {
    GPIOTE_INTENCLR = 1u << n;
    // The pin stays there: for Renode's model (1.16.1, NRF52840_GPIOTasksEvents) a pin
    // belongs to the first channel that names it, in use or not. With the lowest free
    // channel for each pin that is the right one, as long as none goes back to pin 0.
    GPIOTE_CONFIG(n) &= ~GPIOTE_CONFIG_MODE_MASK;
    GPIOTE_EVENTS_IN(n) = 0;
    channels &= ~(1u << n);
}

static mcu_watch_t take(int n, unsigned pin, unsigned edges) {
    // In event mode OUTINIT means nothing on silicon. Renode's model (1.16.1,
    // NRF52840_GPIOTasksEvents) takes it for the level from which the first edge is.
    uint32_t config = GPIOTE_CONFIG_MODE_EVENT | pin << GPIOTE_CONFIG_PSEL_POS
        | (edges & MCU_EDGE_RISE ? GPIOTE_CONFIG_POLARITY_RISE : 0)
        | (edges & MCU_EDGE_FALL ? GPIOTE_CONFIG_POLARITY_FALL : 0)
        | (mcu_pin_read(pin) ? GPIOTE_CONFIG_OUTINIT : 0);
    GPIOTE_CONFIG(n) = config;
    // Plain QEMU has nothing here: what is stored is gone.
    if ((GPIOTE_CONFIG(n) & GPIOTE_CONFIG_MODE_MASK) != GPIOTE_CONFIG_MODE_EVENT) {
        return MCU_WATCH_NO_HARDWARE;
    }
    channel_pins[n] = pin;
    channels |= 1u << n;
    GPIOTE_EVENTS_IN(n) = 0;
    GPIOTE_INTENSET = 1u << n;
    return MCU_WATCH_OK;
}

mcu_watch_t mcu_pin_watch(unsigned pin, unsigned edges) {
    uint32_t state = MICROPY_BEGIN_ATOMIC_SECTION();
    mcu_watch_t result = MCU_WATCH_OK;
    int n = channel_of(pin);
    if (n >= 0) {
        release(n);
    }
    if (edges != MCU_EDGE_NONE) {
        n = free_channel();
        result = n < 0 ? MCU_WATCH_NO_CHANNEL : take(n, pin, edges);
    }
    MICROPY_END_ATOMIC_SECTION(state);
    return result;
}

void mcu_pin_watch_none(void) {
    uint32_t state = MICROPY_BEGIN_ATOMIC_SECTION();
    for (int n = 0; n < GPIOTE_CHANNELS; ++n) {
        release(n);
    }
    MICROPY_END_ATOMIC_SECTION(state);
}

void GPIOTE_IRQHandler(void) {
    mp_hal_signal_event();
    for (int n = 0; n < GPIOTE_CHANNELS; ++n) {
        if ((channels >> n & 1) && GPIOTE_EVENTS_IN(n)) {
            // Cleared first: an edge that comes while this one is handled is another event.
            GPIOTE_EVENTS_IN(n) = 0;
            machine_pin_edge_isr(channel_pins[n]);
        }
    }
}
