// SPDX-License-Identifier: MIT
//
// Pin.irq(). Arguments, defaults, constants, and what flags() and trigger() say are
// those of ports/rp2/machine_pin.c, Copyright (c) 2016-2021 Damien P. George (see
// LICENSE); what runs the handlers, soft or hard, is MicroPython's own
// (shared/runtime/mpirq.c).

#include <string.h>
#include "py/mphal.h"
#include "py/runtime.h"
#include "shared/runtime/mpirq.h"
#include "machine_pin.h"

typedef struct _machine_pin_irq_obj_t {
    mp_irq_obj_t base;
    uint8_t pin;
    uint8_t flags;
    uint8_t trigger;
} machine_pin_irq_obj_t;

MP_REGISTER_ROOT_POINTER(struct _machine_pin_irq_obj_t *machine_pin_irqs[MICROPY_HW_PIN_COUNT]);

static const mp_irq_methods_t machine_pin_irq_methods;

// ---- From the hardware to Python ----

// The chip says that there was an edge, not which: of two it was the one that led to
// the level that there is now.
static unsigned edge_now(const machine_pin_irq_obj_t *self) {
    unsigned edge = mcu_pin_read(self->pin) ? MCU_EDGE_RISE : MCU_EDGE_FALL;
    return self->trigger == MCU_EDGE_BOTH ? edge : self->trigger;
}

void machine_pin_edge_isr(unsigned pin) {
    machine_pin_irq_obj_t *self = MP_STATE_PORT(machine_pin_irqs)[pin];
    if (self != NULL) {
        self->flags = edge_now(self);
        mp_irq_handler(&self->base);
    }
}

void machine_pin_irq_deinit(void) {
    mcu_pin_watch_none();
    memset(MP_STATE_PORT(machine_pin_irqs), 0, sizeof(MP_STATE_PORT(machine_pin_irqs)));
}

// ---- From Python to the hardware ----

static machine_pin_irq_obj_t *get_irq(unsigned pin) {
    machine_pin_irq_obj_t *self = MP_STATE_PORT(machine_pin_irqs)[pin];
    if (self == NULL) {
        self = m_new0(machine_pin_irq_obj_t, 1);
        mp_irq_init(&self->base, &machine_pin_irq_methods, machine_pin_object(pin));
        self->pin = pin;
        MP_STATE_PORT(machine_pin_irqs)[pin] = self;
    }
    return self;
}

static void check_trigger(mp_uint_t trigger) {
    if (trigger & ~(mp_uint_t)MCU_EDGE_BOTH) {
        mp_raise_ValueError(MP_ERROR_TEXT("invalid trigger"));
    }
}

static void watch(machine_pin_irq_obj_t *self) {
    bool is_wanted = self->base.handler != mp_const_none;
    switch (mcu_pin_watch(self->pin, is_wanted ? self->trigger : MCU_EDGE_NONE)) {
        case MCU_WATCH_OK:
            return;
        case MCU_WATCH_NO_CHANNEL:
            self->base.handler = mp_const_none;
            mp_raise_msg_varg(&mp_type_OSError, MP_ERROR_TEXT("%u other pins have interrupts, and there are no more"), MCU_WATCH_PINS);
        case MCU_WATCH_NO_HARDWARE:
            self->base.handler = mp_const_none;
            mp_raise_msg(&mp_type_OSError, MP_ERROR_TEXT("pins cannot interrupt: there is no GPIOTE"));
    }
}

// pin.irq(handler=None, trigger=IRQ_FALLING|IRQ_RISING, hard=False)
static mp_obj_t machine_pin_irq(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_handler, ARG_trigger, ARG_hard };
    static const mp_arg_t allowed_args[] = {
        { MP_QSTR_handler, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE} },
        { MP_QSTR_trigger, MP_ARG_INT, {.u_int = MCU_EDGE_BOTH} },
        { MP_QSTR_hard, MP_ARG_BOOL, {.u_bool = false} },
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed_args)];
    mp_arg_parse_all(n_args - 1, pos_args + 1, kw_args, MP_ARRAY_SIZE(allowed_args), allowed_args, args);

    machine_pin_irq_obj_t *self = get_irq(mp_hal_get_pin_obj(pos_args[0]));
    if (n_args > 1 || kw_args->used != 0) {
        check_trigger(args[ARG_trigger].u_int);
        mcu_pin_watch(self->pin, MCU_EDGE_NONE);
        self->base.handler = args[ARG_handler].u_obj;
        self->base.ishard = args[ARG_hard].u_bool;
        self->flags = 0;
        self->trigger = args[ARG_trigger].u_int;
        watch(self);
    }
    return MP_OBJ_FROM_PTR(self);
}
MP_DEFINE_CONST_FUN_OBJ_KW(machine_pin_irq_obj, 1, machine_pin_irq);

// Also called, with 0, when a hard handler has raised an exception.
static mp_uint_t irq_trigger(mp_obj_t pin, mp_uint_t trigger) {
    check_trigger(trigger);
    machine_pin_irq_obj_t *self = get_irq(mp_hal_get_pin_obj(pin));
    mcu_pin_watch(self->pin, MCU_EDGE_NONE);
    self->flags = 0;
    self->trigger = trigger;
    watch(self);
    return 0;
}

static mp_uint_t irq_info(mp_obj_t pin, mp_uint_t what) {
    const machine_pin_irq_obj_t *self = get_irq(mp_hal_get_pin_obj(pin));
    switch (what) {
        case MP_IRQ_INFO_FLAGS:
            return self->flags;
        case MP_IRQ_INFO_TRIGGERS:
            return self->trigger;
        default:
            return 0;
    }
}

static const mp_irq_methods_t machine_pin_irq_methods = {
    .trigger = irq_trigger,
    .info = irq_info,
};
