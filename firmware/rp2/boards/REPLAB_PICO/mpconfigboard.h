// The name that the real board's firmware gives itself: a scenario sees the same.
#define MICROPY_HW_BOARD_NAME "Raspberry Pi Pico"
#define MICROPY_HW_FLASH_STORAGE_BYTES (1408 * 1024)

// The REPL is on UART0 (GPIO 0 and 1), because the lab's board has no USB host.
#define MICROPY_HW_ENABLE_UART_REPL (1)
#define MICROPY_HW_ENABLE_USBDEV (0)
