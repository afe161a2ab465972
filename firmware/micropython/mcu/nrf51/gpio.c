// SPDX-License-Identifier: MIT
//
// Pins.

#include "mcu/mcu.h"
#include "mcu/nrf51/nrf51.h"

#define PIN_COUNT (32)

void nrf51_gpio_init(void) {
    // After a reset the pads are not connected to IN (§14.2, PIN_CNF). On a
    // Pico they are, so that Pin(n).value() works before any set-up.
    for (unsigned pin = 0; pin < PIN_COUNT; ++pin) {
        GPIO_PIN_CNF(pin) = 0;
    }
}

void mcu_pin_set_mode(unsigned pin, mcu_pin_mode_t mode) {
    // The input stays connected in each mode: then value() reads what is at the
    // pad, also of an output that somebody else pulls down.
    uint32_t config = GPIO_PIN_CNF(pin) & PIN_CNF_PULL_MASK;
    if (mode != MCU_PIN_IN) {
        config |= PIN_CNF_DIR_OUTPUT;
    }
    if (mode == MCU_PIN_OPEN_DRAIN) {
        config |= PIN_CNF_DRIVE_S0D1;
    }
    GPIO_PIN_CNF(pin) = config;
}

void mcu_pin_set_pull(unsigned pin, mcu_pin_pull_t pull) {
    uint32_t bits = pull == MCU_PULL_UP ? PIN_CNF_PULL_UP : pull == MCU_PULL_DOWN ? PIN_CNF_PULL_DOWN : 0;
    GPIO_PIN_CNF(pin) = (GPIO_PIN_CNF(pin) & ~PIN_CNF_PULL_MASK) | bits;
}

mcu_pin_mode_t mcu_pin_mode(unsigned pin) {
    uint32_t config = GPIO_PIN_CNF(pin);
    if ((config & PIN_CNF_DIR_OUTPUT) == 0) {
        return MCU_PIN_IN;
    }
    return (config & PIN_CNF_DRIVE_MASK) == PIN_CNF_DRIVE_S0D1 ? MCU_PIN_OPEN_DRAIN : MCU_PIN_OUT;
}

mcu_pin_pull_t mcu_pin_pull(unsigned pin) {
    switch (GPIO_PIN_CNF(pin) & PIN_CNF_PULL_MASK) {
        case PIN_CNF_PULL_UP:
            return MCU_PULL_UP;
        case PIN_CNF_PULL_DOWN:
            return MCU_PULL_DOWN;
        default:
            return MCU_PULL_NONE;
    }
}

bool mcu_pin_read(unsigned pin) {
    return GPIO_IN >> pin & 1;
}

bool mcu_pin_read_latch(unsigned pin) {
    return GPIO_OUT >> pin & 1;
}

void mcu_pin_write(unsigned pin, bool level) {
    if (level) {
        GPIO_OUTSET = 1u << pin;
    } else {
        GPIO_OUTCLR = 1u << pin;
    }
}
