// SPDX-License-Identifier: MIT
//
// lab-m0: QEMU's microbit machine with memories as large as a Pico's.

#define MICROPY_HW_BOARD_NAME               "replab lab-m0"
#define MICROPY_HW_MCU_NAME                 "nRF51 Cortex-M0"

// What machine.freq() tells. An emulated CPU has no clock of its own; what the
// lab declares for this board is a time per instruction, 8 ns (QEMU's
// `-icount shift=3`). At about one instruction a clock that is a 125 MHz part,
// which is also the clock of an RP2040 after MicroPython's start-up.
#define MICROPY_HW_CPU_HZ                   (125000000)

// ARMv6-M has no Thumb-2 and no FPU.
#define MICROPY_EMIT_THUMB_ARMV7M           (0)
#define MICROPY_EMIT_INLINE_THUMB_FLOAT     (0)

// All 32 GPIOs are free: the serial line needs none of them (mcu/nrf51/uart.c).
#define MICROPY_HW_PIN_COUNT                (32)
#define MICROPY_HW_PIN_LIST(X) \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) \
    X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) \
    X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23) \
    X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)

// Names of Pin.board besides GP0 to GP31: X(name, pin).
#define MICROPY_HW_PIN_ALIASES(X) \
    X(LED, 25) \
    X(BUTTON, 14)

// The file system's geometry, as on a Pico with 2 MiB of flash.
#define MICROPY_HW_FLASH_BLOCK_BYTES        (4096)
