// SPDX-License-Identifier: MIT
//
// MicroPython's hardware abstraction for this port (py/mphal.h includes us).
#ifndef REPLAB_MPHALPORT_H
#define REPLAB_MPHALPORT_H

#include <stdbool.h>
#include <stdint.h>
#include "py/obj.h"
#include "py/ringbuf.h"
#include "shared/runtime/interrupt_char.h"
#include "mcu/mcu.h"

// ---- Critical sections ----

static inline uint32_t mp_hal_mask_interrupts(void) {
    uint32_t state;
    __asm volatile ("mrs %0, primask\n\tcpsid i" : "=r" (state) : : "memory");
    return state;
}

static inline void mp_hal_restore_interrupts(uint32_t state) {
    __asm volatile ("msr primask, %0" : : "r" (state) : "memory");
}

#define MICROPY_BEGIN_ATOMIC_SECTION()      mp_hal_mask_interrupts()
#define MICROPY_END_ATOMIC_SECTION(state)   mp_hal_restore_interrupts(state)
#define mp_hal_quiet_timing_enter()         MICROPY_BEGIN_ATOMIC_SECTION()
#define mp_hal_quiet_timing_exit(state)     MICROPY_END_ATOMIC_SECTION(state)

// ---- Waiting ----

// Each interrupt handler says so; see mp_hal_wait_for_event().
void mp_hal_signal_event(void);

// Sleeps until the next interrupt, but at most `timeout_ms`. MicroPython passes
// -1 for "as long as it takes", and the parameter of its own functions is
// unsigned: the cast makes both the same value.
void mp_hal_wait_for_event(mp_uint_t timeout_ms);
#define MICROPY_INTERNAL_WFE(timeout_ms)    mp_hal_wait_for_event((mp_uint_t)(timeout_ms))

// ---- Time ----

// Microseconds since the CPU's reset.
uint64_t mp_hal_clock_us(void);
// What to add to get microseconds since 1970-01-01. Set by machine.RTC.
extern uint64_t mp_hal_epoch_offset_us;

static inline mp_uint_t mp_hal_ticks_ms(void) {
    return (mp_uint_t)(mp_hal_clock_us() / 1000);
}

static inline mp_uint_t mp_hal_ticks_us(void) {
    return (mp_uint_t)mp_hal_clock_us();
}

// As on the rp2 port, the finest clock there is.
static inline mp_uint_t mp_hal_ticks_cpu(void) {
    return mp_hal_ticks_us();
}

// Whole seconds since the Epoch.
static inline uint64_t mp_hal_time_s(void) {
    return (mp_hal_epoch_offset_us + mp_hal_clock_us()) / 1000000;
}

#define mp_hal_ticks_ms mp_hal_ticks_ms
#define mp_hal_ticks_us mp_hal_ticks_us
#define mp_hal_ticks_cpu mp_hal_ticks_cpu

// For drivers that time single edges: interrupts may be masked.
void mp_hal_delay_us_fast(mp_uint_t us);

// ---- Serial line, called by the UART's interrupt handler ----

// Received bytes that nobody has read. os.dupterm_notify() adds to it, by the
// name that each port has for it.
extern ringbuf_t stdin_ringbuf;

bool mp_hal_uart_has_room(void);
void mp_hal_uart_receive(uint8_t byte);

// ---- Pins, for SoftI2C, SoftSPI and the drivers ----

#define MP_HAL_PIN_FMT "%u"
#define mp_hal_pin_obj_t unsigned int

mp_hal_pin_obj_t mp_hal_get_pin_obj(mp_obj_t pin);

static inline unsigned int mp_hal_pin_name(mp_hal_pin_obj_t pin) {
    return pin;
}

static inline void mp_hal_pin_input(mp_hal_pin_obj_t pin) {
    mcu_pin_set_mode(pin, MCU_PIN_IN);
}

static inline void mp_hal_pin_output(mp_hal_pin_obj_t pin) {
    mcu_pin_set_mode(pin, MCU_PIN_OUT);
}

static inline int mp_hal_pin_read(mp_hal_pin_obj_t pin) {
    return mcu_pin_read(pin);
}

static inline int mp_hal_pin_read_output(mp_hal_pin_obj_t pin) {
    return mcu_pin_read_latch(pin);
}

static inline void mp_hal_pin_write(mp_hal_pin_obj_t pin, int level) {
    mcu_pin_write(pin, level != 0);
}

static inline void mp_hal_pin_low(mp_hal_pin_obj_t pin) {
    mcu_pin_write(pin, false);
}

static inline void mp_hal_pin_high(mp_hal_pin_obj_t pin) {
    mcu_pin_write(pin, true);
}

static inline void mp_hal_pin_od_low(mp_hal_pin_obj_t pin) {
    mcu_pin_write(pin, false);
}

static inline void mp_hal_pin_od_high(mp_hal_pin_obj_t pin) {
    mcu_pin_write(pin, true);
}

// Starts released, without a low pulse on the way.
static inline void mp_hal_pin_open_drain(mp_hal_pin_obj_t pin) {
    mcu_pin_write(pin, true);
    mcu_pin_set_mode(pin, MCU_PIN_OPEN_DRAIN);
}

#endif // REPLAB_MPHALPORT_H
