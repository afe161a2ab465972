// SPDX-License-Identifier: MIT
//
// This port's part of the machine module. extmod/modmachine.c includes this
// file; it is not compiled by itself.

#include "py/mphal.h"
#include "modmachine_port.h"

// The rp2 port's numbers and names. It resets by the watchdog, so that is the
// cause that a program sees after machine.reset(); programs compare with it.
#define RESET_CAUSE_POWER_ON (1)
#define RESET_CAUSE_WATCHDOG (3)

#define MICROPY_PY_MACHINE_EXTRA_GLOBALS \
    { MP_ROM_QSTR(MP_QSTR_Pin), MP_ROM_PTR(&machine_pin_type) }, \
    { MP_ROM_QSTR(MP_QSTR_RTC), MP_ROM_PTR(&machine_rtc_type) }, \
    { MP_ROM_QSTR(MP_QSTR_Timer), MP_ROM_PTR(&machine_timer_type) }, \
    { MP_ROM_QSTR(MP_QSTR_PWRON_RESET), MP_ROM_INT(RESET_CAUSE_POWER_ON) }, \
    { MP_ROM_QSTR(MP_QSTR_WDT_RESET), MP_ROM_INT(RESET_CAUSE_WATCHDOG) },

// QEMU has no model of the nRF51's RESETREAS register, but keeps the RAM over a
// reset. So machine.reset() leaves a note, which after power-on, and after a
// reset from outside, is not there.
#define REQUESTED_RESET (0x52534554)
__attribute__((section(".noinit"))) static uint32_t reset_note;
static uint8_t reset_cause;

void machine_note_reset_cause(void) {
    reset_cause = reset_note == REQUESTED_RESET ? RESET_CAUSE_WATCHDOG : RESET_CAUSE_POWER_ON;
    reset_note = 0;
}

NORETURN static void mp_machine_reset(void) {
    reset_note = REQUESTED_RESET;
    mcu_reset();
}

static mp_int_t mp_machine_reset_cause(void) {
    return reset_cause;
}

static mp_obj_t mp_machine_unique_id(void) {
    uint8_t id[MCU_UNIQUE_ID_BYTES];
    mcu_unique_id(id);
    return mp_obj_new_bytes(id, sizeof(id));
}

static mp_obj_t mp_machine_get_freq(void) {
    return MP_OBJ_NEW_SMALL_INT(MICROPY_HW_CPU_HZ);
}

// The board has one speed. Setting that one is allowed, for programs that do so
// to be sure; a second argument (rp2's peripheral clock) means nothing here.
static void mp_machine_set_freq(size_t n_args, const mp_obj_t *args) {
    if (mp_obj_get_int(args[0]) != MICROPY_HW_CPU_HZ) {
        mp_raise_ValueError(MP_ERROR_TEXT("cannot change frequency"));
    }
}

static void mp_machine_idle(void) {
    MICROPY_INTERNAL_WFE(1);
}

// There is no power to save: all that is left of it is the waiting. Without a
// time it ends at the first interrupt, for example by a received byte.
static void mp_machine_lightsleep(size_t n_args, const mp_obj_t *args) {
    if (n_args == 0) {
        mp_event_wait_indefinite();
    } else {
        mp_hal_delay_ms(MAX(0, mp_obj_get_int(args[0])));
    }
}

NORETURN static void mp_machine_deepsleep(size_t n_args, const mp_obj_t *args) {
    mp_machine_lightsleep(n_args, args);
    mp_machine_reset();
}
