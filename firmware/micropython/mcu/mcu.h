// SPDX-License-Identifier: MIT
//
// What each microcontroller of mcu/ provides to the port. All functions may be
// called at any time after mcu_init(), unless it says otherwise.
#ifndef REPLAB_MCU_H
#define REPLAB_MCU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Starts clock, alarm and serial line, and lets interrupts in.
void mcu_init(void);

// Resets the chip: flash is kept, all else starts anew.
void mcu_reset(void) __attribute__((noreturn));

// Ends the program for good: no interrupt wakes the CPU any more.
void mcu_halt(void) __attribute__((noreturn));

// ---- Clock and alarm: call all of these with interrupts masked ----

// Microseconds since reset.
uint64_t mcu_clock_us(void);

// To be called after a sleep of unlimited length, in which the clock's counter
// may have wrapped unseen.
void mcu_clock_catch_up(void);

// Causes one call of deadline_isr() in `delay_us` from now, or earlier (so a
// caller must look at the clock). Replaces an alarm that was set before.
void mcu_alarm_set(uint64_t delay_us);
void mcu_alarm_clear(void);

// A fast counter for machine.bitstream(). From start to stop it borrows the
// alarm's timer; call deadline_rearm() afterwards.
#define MCU_TICK_HZ (16000000)
void mcu_ticks_start(void);
uint32_t mcu_ticks(void);
void mcu_ticks_stop(void);

// ---- Serial line ----

// Hands one byte to the transmitter. The next one may follow when that is sent:
// QEMU 10.0.2 drops a byte written while the last one waits for a slow reader,
// and raises no interrupt when that one is out at last (hw/char/nrf51_uart.c,
// uart_transmit). So the caller must poll.
void mcu_uart_send(uint8_t byte);
bool mcu_uart_is_sent(void);

// Received bytes come by mp_hal_uart_receive(). When that refuses one, the
// receiver stops until this function is called.
void mcu_uart_resume_receive(void);

// ---- Pins ----

typedef enum { MCU_PIN_IN, MCU_PIN_OUT, MCU_PIN_OPEN_DRAIN } mcu_pin_mode_t;
typedef enum { MCU_PULL_NONE, MCU_PULL_UP, MCU_PULL_DOWN } mcu_pin_pull_t;

void mcu_pin_set_mode(unsigned pin, mcu_pin_mode_t mode);
void mcu_pin_set_pull(unsigned pin, mcu_pin_pull_t pull);
mcu_pin_mode_t mcu_pin_mode(unsigned pin);
mcu_pin_pull_t mcu_pin_pull(unsigned pin);
// The level at the pad, and the level that the output latch holds.
bool mcu_pin_read(unsigned pin);
bool mcu_pin_read_latch(unsigned pin);
void mcu_pin_write(unsigned pin, bool level);

// ---- Edges of pins ----

// As on rp2 (GPIO_IRQ_EDGE_FALL, GPIO_IRQ_EDGE_RISE): programs see the numbers.
typedef enum { MCU_EDGE_NONE = 0, MCU_EDGE_FALL = 4, MCU_EDGE_RISE = 8 } mcu_edge_t;
#define MCU_EDGE_BOTH (MCU_EDGE_FALL | MCU_EDGE_RISE)

typedef enum { MCU_WATCH_OK, MCU_WATCH_NO_CHANNEL, MCU_WATCH_NO_HARDWARE } mcu_watch_t;

// How many pins can be watched at the same time.
#define MCU_WATCH_PINS (4)

// From now on each of these edges of the pin calls machine_pin_edge_isr(), with
// interrupts of the same priority held back; MCU_EDGE_NONE stops that.
mcu_watch_t mcu_pin_watch(unsigned pin, unsigned edges);
void mcu_pin_watch_none(void);

// ---- Flash: all addresses and lengths are multiples of the unit ----

#define MCU_FLASH_WRITE_UNIT (4)
void mcu_flash_erase(uintptr_t address, size_t length);
// Only clears bits, as flash does. `data` may have any alignment.
void mcu_flash_write(uintptr_t address, const uint8_t *data, size_t length);

// ---- Identity and chance ----

#define MCU_UNIQUE_ID_BYTES (8)
void mcu_unique_id(uint8_t id[MCU_UNIQUE_ID_BYTES]);
uint8_t mcu_random_byte(void);

#endif // REPLAB_MCU_H
