// SPDX-License-Identifier: MIT
//
// Writing the chip's own flash (nRF51 Series Reference Manual,
// "Non-volatile memory controller").

#include "mcu/mcu.h"
#include "mcu/nrf51/nrf51.h"

static void wait_until_ready(void) {
    while ((NVMC_READY & 1) == 0) {
    }
}

void mcu_flash_erase(uintptr_t address, size_t length) {
    NVMC_CONFIG = NVMC_CONFIG_ERASE;
    for (uintptr_t page = address; page < address + length; page += NVMC_PAGE_BYTES) {
        NVMC_ERASEPAGE = page;
        wait_until_ready();
    }
    NVMC_CONFIG = NVMC_CONFIG_READ;
}

void mcu_flash_write(uintptr_t address, const uint8_t *data, size_t length) {
    NVMC_CONFIG = NVMC_CONFIG_WRITE;
    for (size_t i = 0; i < length; i += MCU_FLASH_WRITE_UNIT) {
        // Flash takes whole aligned words only, and the Cortex-M0 cannot load a
        // word from an odd address.
        uint32_t word = data[i] | data[i + 1] << 8 | data[i + 2] << 16 | (uint32_t)data[i + 3] << 24;
        NRF51_REGISTER(address + i) = word;
        wait_until_ready();
    }
    NVMC_CONFIG = NVMC_CONFIG_READ;
}
