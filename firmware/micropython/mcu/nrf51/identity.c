// SPDX-License-Identifier: MIT
//
// The chip's serial number and its random number generator.

#include "mcu/mcu.h"
#include "mcu/nrf51/nrf51.h"

// All machines of QEMU 10.0.2 have the same number (hw/nvram/nrf51_nvm.c).
void mcu_unique_id(uint8_t id[MCU_UNIQUE_ID_BYTES]) {
    for (unsigned i = 0; i < MCU_UNIQUE_ID_BYTES; ++i) {
        id[i] = (uint8_t)(FICR_DEVICEID(i / 4) >> 8 * (i % 4));
    }
}

// Slow (0.2 ms a byte): the generator is switched on for each byte, since a
// running one would keep an idle emulator busy. In QEMU the values follow from
// its option `-seed`, and differ from run to run without it.
uint8_t mcu_random_byte(void) {
    RNG_VALRDY = 0;
    RNG_START = 1;
    while (RNG_VALRDY == 0) {
    }
    RNG_STOP = 1;
    return (uint8_t)RNG_VALUE;
}
