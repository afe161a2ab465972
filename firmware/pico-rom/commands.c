// Start and flash as the chip maker's ROM has them: by commands to the flash chip, through
// the registers of the interface to it (RP2040 data sheet §2.8.1.3, §2.8.3.1.3, §4.10; the
// commands: W25Q16JV data sheet §8.1.2). For `rom-by-commands`; no variables, as in any ROM.

#include <stddef.h>
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

// §2.14.3: those that decide what the flash chip is wired to, and the timer.
#define RESETS_SET REGISTER(0x4000e000)
#define RESETS_CLEAR REGISTER(0x4000f000)
#define RESET_DONE REGISTER(0x4000c008)
#define FLASH_PINS (1u << 6 | 1u << 9)
#define TIMER (1u << 21)
#define USB (1u << 24)

// §2.19.6.2: GPIO_QSPI_SCLK_CTRL to GPIO_QSPI_SD3_CTRL; OUTOVER of the chip select.
#define PIN_CONTROL(pin) REGISTER(0x40018004 + 8 * (pin))
#define PINS 6
#define SELECT_PIN 1
#define SD1_PIN 3
#define BY_INTERFACE 0u
#define LOW (2u << 8)
#define HIGH (3u << 8)
#define INPUT_OVERRIDE (3u << 16)

// §2.19.6.4: the pads of the data lines.
#define DATA_PAD(line) REGISTER(0x40020008 + 4 * (line))
#define OUTPUT_DISABLE (1u << 7)
#define PULL_UP (1u << 3)
#define PULL_DOWN (1u << 2)

// §4.10.13.
#define SSI_CTRLR0 REGISTER(0x18000000)
#define SSI_SSIENR REGISTER(0x18000008)
#define SSI_SER REGISTER(0x18000010)
#define SSI_BAUDR REGISTER(0x18000014)
#define SSI_TXFLR REGISTER(0x18000020)
#define SSI_RXFLR REGISTER(0x18000024)
#define SSI_SR REGISTER(0x18000028)
#define SSI_ICR REGISTER(0x18000048)
#define SSI_DR0 REGISTER(0x18000060)
#define SSI_SPI_CTRLR0 REGISTER(0x180000f4)
#define FRAME_BITS(bits) (((bits) - 1u) << 16)
#define EEPROM_READ (3u << 8)
#define FIFO_DEPTH 14

// §2.6.3.
#define XIP_CTRL_SET REGISTER(0x14002000)
#define XIP_FLUSH REGISTER(0x14000004)

#define USB_MAIN_CTRL REGISTER(0x50110040)
#define CONTROLLER_EN 1u
#define GPIO_HI_IN REGISTER(0xd0000008)
// Where the second stage runs, and its size (§2.8.1.3.1).
#define SECOND_STAGE ((uint8_t *)0x20041f00)
#define SECOND_STAGE_BYTES 256

enum { PROGRAM = 0x02, READ = 0x03, STATUS = 0x05, ENABLE = 0x06, ERASE_SECTOR = 0x20 };
enum { SECTOR = 4096, PAGE = 256 };

static void select(uint32_t level) {
    PIN_CONTROL(SELECT_PIN) = level;
    (void)PIN_CONTROL(SELECT_PIN);
}

// Sends `count` bytes of `out` (or zeros), and keeps those that come back in `in`, if it is
// there. As many are on their way as there is room for.
static void exchange(const uint8_t *out, uint8_t *in, size_t count) {
    size_t sent = 0;
    size_t got = 0;
    while (got < count) {
        if (sent < count && SSI_TXFLR + SSI_RXFLR < FIFO_DEPTH) {
            SSI_DR0 = out ? out[sent] : 0;
            sent++;
        } else if (PIN_CONTROL(SD1_PIN) & INPUT_OVERRIDE) {
            return; // Somebody has given up waiting for the flash chip.
        }
        if (SSI_RXFLR) {
            const uint8_t byte = (uint8_t)SSI_DR0;
            if (in) {
                in[got] = byte;
            }
            got++;
        }
    }
}

// One command: what comes with it is sent from `out`, or kept in `in`.
static void command(uint8_t code, const uint32_t *address, const uint8_t *out, uint8_t *in, size_t count) {
    const uint32_t at = address ? *address : 0;
    const uint8_t head[4] = {code, (uint8_t)(at >> 16), (uint8_t)(at >> 8), (uint8_t)at};
    select(LOW);
    exchange(head, NULL, address ? sizeof head : 1);
    exchange(out, in, count);
    select(HIGH);
}

// A command that changes the memory, and the time that it takes.
static void change(uint8_t code, uint32_t address, const uint8_t *data, size_t count) {
    uint8_t status;
    command(ENABLE, NULL, NULL, NULL, 0);
    command(code, &address, data, NULL, count);
    do {
        command(STATUS, NULL, NULL, &status, 1);
    } while (status & 1);
}

// `IF`
void connect(void) {
    RESETS_SET = FLASH_PINS;
    RESETS_CLEAR = FLASH_PINS;
    while ((RESET_DONE & FLASH_PINS) != FLASH_PINS) {
    }
    for (int pin = 0; pin < PINS; pin++) {
        PIN_CONTROL(pin) = 0;
    }
}

static void set_up(uint32_t control) {
    SSI_SSIENR = 0;
    SSI_CTRLR0 = control;
    SSI_SSIENR = 1;
}

// `EX`: the flash chip takes commands again, whatever it was told before: 32 clocks while it
// is not selected, 32 with the lines pulled high, and two bytes of ones.
void leave_reading(void) {
    static const uint8_t ones[2] = {0xff, 0xff};
    (void)SSI_SR;
    (void)SSI_ICR;
    SSI_SSIENR = 0; // BAUDR and SER are closed while it is on
    SSI_BAUDR = 6;
    SSI_SER = 1;
    set_up(FRAME_BITS(8));
    const uint32_t pad = DATA_PAD(0);
    const uint32_t off = (pad & ~(PULL_UP | PULL_DOWN)) | OUTPUT_DISABLE;
    select(HIGH);
    for (int turn = 0; turn < 2; turn++) {
        for (int line = 0; line < 4; line++) {
            DATA_PAD(line) = off | (turn == 0 ? PULL_DOWN : PULL_UP);
        }
        exchange(NULL, NULL, 4);
        select(turn == 0 ? LOW : HIGH);
    }
    for (int line = 0; line < 4; line++) {
        DATA_PAD(line) = pad;
    }
    select(LOW);
    exchange(ones, NULL, sizeof ones);
    select(HIGH);
    select(BY_INTERFACE);
}

// `RE`: by blocks where one fits.
void erase_by_commands(uint32_t address, size_t count, uint32_t block, uint8_t code) {
    const uint32_t end = address + (uint32_t)count;
    while (address < end) {
        const int fits = address % block == 0 && end - address >= block;
        change(fits ? code : ERASE_SECTOR, address, NULL, 0);
        address += fits ? block : SECTOR;
    }
}

// `RP`
void program_by_commands(uint32_t address, const uint8_t *data, size_t count) {
    for (size_t done = 0; done < count; done += PAGE) {
        change(PROGRAM, address + (uint32_t)done, data + done, PAGE);
    }
}

// `FC`
void flush(void) {
    XIP_FLUSH = 1;
    (void)XIP_FLUSH;
    XIP_CTRL_SET = 1;
    select(BY_INTERFACE);
}

// `CX`: read in place by 03h: 8 bits of command, 24 of address.
void read_in_place(void) {
    SSI_SSIENR = 0;
    SSI_SPI_CTRLR0 = (uint32_t)READ << 24 | 2u << 8 | 6u << 2;
    set_up(FRAME_BITS(32) | EEPROM_READ);
}

// CRC-32 as §2.8.1.3.1 has it: 0x04c11db7, from all ones, no bits turned round.
static uint32_t checksum(const uint8_t *bytes, size_t count) {
    uint32_t sum = 0xffffffff;
    for (size_t i = 0; i < count; i++) {
        sum ^= (uint32_t)bytes[i] << 24;
        for (int bit = 0; bit < 8; bit++) {
            sum = sum << 1 ^ (sum >> 31 ? 0x04c11db7 : 0);
        }
    }
    return sum;
}

// There is nothing to start: another program is to come by USB (§2.8.1, §4.1.4).
static void usb_boot(void) {
    RESETS_CLEAR = USB;
    while (!(RESET_DONE & USB)) {
    }
    USB_MAIN_CTRL = CONTROLLER_EN;
    for (;;) {
        __asm volatile("wfi");
    }
}

// Before a start: the second stage lies ready, or this does not return.
void fetch_second_stage(void) {
    RESETS_SET = FLASH_PINS | TIMER;
    RESETS_CLEAR = FLASH_PINS | TIMER;
    if (!(GPIO_HI_IN >> SELECT_PIN & 1)) {
        usb_boot(); // BOOTSEL is held down (§2.8.1).
    }
    connect();
    leave_reading();
    const uint32_t start = 0;
    command(READ, &start, NULL, SECOND_STAGE, SECOND_STAGE_BYTES);
    const size_t checked = SECOND_STAGE_BYTES - sizeof(uint32_t);
    if (checksum(SECOND_STAGE, checked) != *(const uint32_t *)(SECOND_STAGE + checked)) {
        usb_boot();
    }
    flush();
}
