// SPDX-License-Identifier: MIT
//
// machine.Timer, with the arguments, limits and repr of ports/rp2/machine_timer.c,
// Copyright (c) 2020-2021 Damien P. George (see LICENSE): microseconds inside,
// only id -1, callbacks run by the scheduler. One thing is kinder than on rp2: a
// running timer is never garbage, also if no variable holds it.

#include "py/mphal.h"
#include "py/runtime.h"
#include "extmod/modmachine.h"
#include "deadline.h"

enum { TIMER_ONE_SHOT, TIMER_PERIODIC };

typedef struct _machine_timer_obj_t {
    deadline_t deadline; // must be first, see deadline.h
    mp_obj_t callback;
    mp_int_t mode;
    uint64_t period_us;
} machine_timer_obj_t;

// Runs in the alarm's interrupt. A periodic timer goes on from the moment when
// it was due, so that it does not drift. If the scheduler's queue is full the
// call is lost, as on rp2.
static void timer_expired(deadline_t *deadline) {
    machine_timer_obj_t *self = (machine_timer_obj_t *)deadline;
    if (self->callback != mp_const_none) {
        mp_sched_schedule(self->callback, MP_OBJ_FROM_PTR(self));
    }
    if (self->mode != TIMER_ONE_SHOT) {
        deadline_add(deadline, deadline->at_us + self->period_us);
    }
}

static void machine_timer_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    machine_timer_obj_t *self = MP_OBJ_TO_PTR(self_in);
    qstr mode = self->mode == TIMER_ONE_SHOT ? MP_QSTR_ONE_SHOT : MP_QSTR_PERIODIC;
    mp_printf(print, "Timer(mode=%q, tick_hz=1000000, period=", mode);
    // mp_printf has no 64-bit numbers.
    if (self->period_us <= 0xffffffff) {
        mp_printf(print, "%u)", (unsigned)self->period_us);
    } else {
        mp_printf(print, "%u000)", (unsigned)(self->period_us / 1000));
    }
}

static void timer_init(machine_timer_obj_t *self, size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_mode, ARG_callback, ARG_period, ARG_tick_hz, ARG_freq };
    static const mp_arg_t allowed_args[] = {
        { MP_QSTR_mode, MP_ARG_KW_ONLY | MP_ARG_INT, {.u_int = TIMER_PERIODIC} },
        { MP_QSTR_callback, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE} },
        { MP_QSTR_period, MP_ARG_KW_ONLY | MP_ARG_INT, {.u_int = 0xffffffff} },
        { MP_QSTR_tick_hz, MP_ARG_KW_ONLY | MP_ARG_INT, {.u_int = 1000} },
        { MP_QSTR_freq, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE} },
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed_args)];
    mp_arg_parse_all(n_args, pos_args, kw_args, MP_ARRAY_SIZE(allowed_args), allowed_args, args);

    uint64_t period_us;
    if (args[ARG_freq].u_obj != mp_const_none) {
        mp_float_t hz = mp_obj_get_float(args[ARG_freq].u_obj);
        if (!(hz > 0)) {
            mp_raise_ValueError(MP_ERROR_TEXT("invalid freq"));
        }
        period_us = (uint64_t)(MICROPY_FLOAT_CONST(1000000.0) / hz);
    } else {
        if (args[ARG_tick_hz].u_int <= 0) {
            mp_raise_ValueError(MP_ERROR_TEXT("invalid tick_hz"));
        }
        period_us = (uint64_t)(mp_uint_t)args[ARG_period].u_int * 1000000 / args[ARG_tick_hz].u_int;
    }

    self->mode = args[ARG_mode].u_int;
    self->callback = args[ARG_callback].u_obj;
    self->period_us = MAX(1, period_us);
    deadline_add(&self->deadline, mp_hal_clock_us() + self->period_us);
}

static mp_obj_t machine_timer_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_int_t id = -1;
    if (n_args > 0) {
        id = mp_obj_get_int(args[0]);
        --n_args;
        ++args;
    }
    if (id != -1) {
        mp_raise_ValueError(MP_ERROR_TEXT("Timer doesn't exist"));
    }

    machine_timer_obj_t *self = m_new_obj(machine_timer_obj_t);
    *self = (machine_timer_obj_t) {
        .deadline = { .base = { type }, .expired = timer_expired },
        .callback = mp_const_none,
        .mode = TIMER_PERIODIC,
    };
    if (n_args > 0 || n_kw > 0) {
        mp_map_t kw_args;
        mp_map_init_fixed_table(&kw_args, n_kw, args + n_args);
        timer_init(self, n_args, args, &kw_args);
    }
    return MP_OBJ_FROM_PTR(self);
}

static mp_obj_t machine_timer_init(size_t n_args, const mp_obj_t *args, mp_map_t *kw_args) {
    machine_timer_obj_t *self = MP_OBJ_TO_PTR(args[0]);
    deadline_remove(&self->deadline);
    timer_init(self, n_args - 1, args + 1, kw_args);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(machine_timer_init_obj, 1, machine_timer_init);

static mp_obj_t machine_timer_deinit(mp_obj_t self_in) {
    machine_timer_obj_t *self = MP_OBJ_TO_PTR(self_in);
    deadline_remove(&self->deadline);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(machine_timer_deinit_obj, machine_timer_deinit);

static const mp_rom_map_elem_t machine_timer_locals_dict_table[] = {
    { MP_ROM_QSTR(MP_QSTR_init), MP_ROM_PTR(&machine_timer_init_obj) },
    { MP_ROM_QSTR(MP_QSTR_deinit), MP_ROM_PTR(&machine_timer_deinit_obj) },

    { MP_ROM_QSTR(MP_QSTR_ONE_SHOT), MP_ROM_INT(TIMER_ONE_SHOT) },
    { MP_ROM_QSTR(MP_QSTR_PERIODIC), MP_ROM_INT(TIMER_PERIODIC) },
};
static MP_DEFINE_CONST_DICT(machine_timer_locals_dict, machine_timer_locals_dict_table);

MP_DEFINE_CONST_OBJ_TYPE(
    machine_timer_type,
    MP_QSTR_Timer,
    MP_TYPE_FLAG_NONE,
    make_new, machine_timer_make_new,
    print, machine_timer_print,
    locals_dict, &machine_timer_locals_dict
    );
