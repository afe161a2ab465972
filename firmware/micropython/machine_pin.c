// SPDX-License-Identifier: MIT
//
// machine.Pin. Arguments, defaults, constants and repr are those of
// ports/rp2/machine_pin.c, Copyright (c) 2016-2021 Damien P. George (see
// LICENSE). There is no ALT, and no pull both ways at once. irq() has a file of its
// own.

#include "py/mphal.h"
#include "py/runtime.h"
#include "extmod/modmachine.h"
#include "extmod/virtpin.h"
#include "machine_pin.h"

typedef struct _machine_pin_obj_t {
    mp_obj_base_t base;
    uint8_t id;
    uint16_t name; // a qstr, "GPIO" and the number
} machine_pin_obj_t;

#define PIN_OBJECT(n) [n] = { { &machine_pin_type }, n, MP_QSTR_GPIO##n },
static const machine_pin_obj_t machine_pin_objects[MICROPY_HW_PIN_COUNT] = {
    MICROPY_HW_PIN_LIST(PIN_OBJECT)
};

// ---- Pin.cpu and Pin.board: pins by name ----

#define CPU_PIN(n) { MP_ROM_QSTR(MP_QSTR_GPIO##n), MP_ROM_PTR(&machine_pin_objects[n]) },
static const mp_rom_map_elem_t cpu_pins_table[] = {
    MICROPY_HW_PIN_LIST(CPU_PIN)
};
static MP_DEFINE_CONST_DICT(cpu_pins, cpu_pins_table);

#define BOARD_PIN(n) { MP_ROM_QSTR(MP_QSTR_GP##n), MP_ROM_PTR(&machine_pin_objects[n]) },
#define BOARD_ALIAS(name, n) { MP_ROM_QSTR(MP_QSTR_##name), MP_ROM_PTR(&machine_pin_objects[n]) },
static const mp_rom_map_elem_t board_pins_table[] = {
    MICROPY_HW_PIN_LIST(BOARD_PIN)
    MICROPY_HW_PIN_ALIASES(BOARD_ALIAS)
};
static MP_DEFINE_CONST_DICT(board_pins, board_pins_table);

static MP_DEFINE_CONST_OBJ_TYPE(
    machine_pin_cpu_type,
    MP_QSTR_cpu,
    MP_TYPE_FLAG_NONE,
    locals_dict, &cpu_pins
    );

static MP_DEFINE_CONST_OBJ_TYPE(
    machine_pin_board_type,
    MP_QSTR_board,
    MP_TYPE_FLAG_NONE,
    locals_dict, &board_pins
    );

static const machine_pin_obj_t *find_named(const mp_obj_dict_t *pins, mp_obj_t name) {
    mp_map_elem_t *entry = mp_map_lookup((mp_map_t *)&pins->map, name, MP_MAP_LOOKUP);
    return entry == NULL ? NULL : MP_OBJ_TO_PTR(entry->value);
}

static const machine_pin_obj_t *find_pin(mp_obj_t wanted) {
    if (mp_obj_is_type(wanted, &machine_pin_type)) {
        return MP_OBJ_TO_PTR(wanted);
    }
    if (mp_obj_is_str(wanted)) {
        const machine_pin_obj_t *pin = find_named(&board_pins, wanted);
        if (pin == NULL) {
            pin = find_named(&cpu_pins, wanted);
        }
        if (pin == NULL) {
            mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("unknown named pin \"%s\""), mp_obj_str_get_str(wanted));
        }
        return pin;
    }
    if (mp_obj_is_int(wanted)) {
        mp_int_t id = mp_obj_get_int(wanted);
        if (id >= 0 && id < MICROPY_HW_PIN_COUNT) {
            return &machine_pin_objects[id];
        }
    }
    mp_raise_ValueError(MP_ERROR_TEXT("invalid pin"));
}

mp_hal_pin_obj_t mp_hal_get_pin_obj(mp_obj_t pin) {
    return find_pin(pin)->id;
}

mp_obj_t machine_pin_object(unsigned pin) {
    return MP_OBJ_FROM_PTR(&machine_pin_objects[pin]);
}

// ---- Setting up ----

static void set_mode(const machine_pin_obj_t *self, mp_int_t mode, mp_obj_t value) {
    bool has_value = value != mp_const_none;
    switch (mode) {
        case MCU_PIN_IN:
            break;
        case MCU_PIN_OUT:
            // The level first: an output must not start with the wrong one.
            if (has_value) {
                mcu_pin_write(self->id, mp_obj_is_true(value));
            }
            break;
        case MCU_PIN_OPEN_DRAIN:
            mcu_pin_write(self->id, !has_value || mp_obj_is_true(value));
            break;
        default:
            mp_raise_ValueError(MP_ERROR_TEXT("invalid pin mode"));
    }
    mcu_pin_set_mode(self->id, (mcu_pin_mode_t)mode);
}

static mcu_pin_pull_t parse_pull(mp_obj_t pull_in) {
    if (pull_in == mp_const_none) {
        return MCU_PULL_NONE;
    }
    mp_int_t pull = mp_obj_get_int(pull_in);
    if (pull < MCU_PULL_NONE || pull > MCU_PULL_DOWN) {
        mp_raise_ValueError(MP_ERROR_TEXT("invalid pull"));
    }
    return (mcu_pin_pull_t)pull;
}

static void pin_init(const machine_pin_obj_t *self, size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_mode, ARG_pull, ARG_value };
    static const mp_arg_t allowed_args[] = {
        { MP_QSTR_mode, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE} },
        { MP_QSTR_pull, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE} },
        { MP_QSTR_value, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE} },
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed_args)];
    mp_arg_parse_all(n_args, pos_args, kw_args, MP_ARRAY_SIZE(allowed_args), allowed_args, args);

    mcu_pin_pull_t pull = parse_pull(args[ARG_pull].u_obj);
    // As on rp2, a value without a mode does nothing, and a call without a pull
    // takes the pull away.
    if (args[ARG_mode].u_obj != mp_const_none) {
        set_mode(self, mp_obj_get_int(args[ARG_mode].u_obj), args[ARG_value].u_obj);
    }
    mcu_pin_set_pull(self->id, pull);
}

// Also called by Signal(), through MICROPY_PY_MACHINE_PIN_MAKE_NEW.
mp_obj_t mp_pin_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 1, MP_OBJ_FUN_ARGS_MAX, true);
    const machine_pin_obj_t *self = find_pin(args[0]);
    if (n_args > 1 || n_kw > 0) {
        mp_map_t kw_args;
        mp_map_init_fixed_table(&kw_args, n_kw, args + n_args);
        pin_init(self, n_args - 1, args + 1, &kw_args);
    }
    return MP_OBJ_FROM_PTR(self);
}

static void machine_pin_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    static const uint16_t mode_names[] = { MP_QSTR_IN, MP_QSTR_OUT, MP_QSTR_OPEN_DRAIN };
    machine_pin_obj_t *self = MP_OBJ_TO_PTR(self_in);
    mp_printf(print, "Pin(%q, mode=%q", (qstr)self->name, (qstr)mode_names[mcu_pin_mode(self->id)]);
    mcu_pin_pull_t pull = mcu_pin_pull(self->id);
    if (pull != MCU_PULL_NONE) {
        mp_printf(print, ", pull=%q", pull == MCU_PULL_UP ? MP_QSTR_PULL_UP : MP_QSTR_PULL_DOWN);
    }
    mp_printf(print, ")");
}

// ---- Methods ----

static mp_obj_t machine_pin_init(size_t n_args, const mp_obj_t *args, mp_map_t *kw_args) {
    pin_init(MP_OBJ_TO_PTR(args[0]), n_args - 1, args + 1, kw_args);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(machine_pin_init_obj, 1, machine_pin_init);

// pin() reads, pin(value) writes.
static mp_obj_t machine_pin_call(mp_obj_t self_in, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, 1, false);
    machine_pin_obj_t *self = MP_OBJ_TO_PTR(self_in);
    if (n_args == 0) {
        return MP_OBJ_NEW_SMALL_INT(mcu_pin_read(self->id));
    }
    mcu_pin_write(self->id, mp_obj_is_true(args[0]));
    return mp_const_none;
}

static mp_obj_t machine_pin_value(size_t n_args, const mp_obj_t *args) {
    return machine_pin_call(args[0], n_args - 1, 0, args + 1);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(machine_pin_value_obj, 1, 2, machine_pin_value);

static mp_obj_t machine_pin_low(mp_obj_t self_in) {
    machine_pin_obj_t *self = MP_OBJ_TO_PTR(self_in);
    mcu_pin_write(self->id, false);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(machine_pin_low_obj, machine_pin_low);

static mp_obj_t machine_pin_high(mp_obj_t self_in) {
    machine_pin_obj_t *self = MP_OBJ_TO_PTR(self_in);
    mcu_pin_write(self->id, true);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(machine_pin_high_obj, machine_pin_high);

// Turns the latch around, not what somebody else may drive the pad to.
static mp_obj_t machine_pin_toggle(mp_obj_t self_in) {
    machine_pin_obj_t *self = MP_OBJ_TO_PTR(self_in);
    mcu_pin_write(self->id, !mcu_pin_read_latch(self->id));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(machine_pin_toggle_obj, machine_pin_toggle);

static const mp_rom_map_elem_t machine_pin_locals_dict_table[] = {
    { MP_ROM_QSTR(MP_QSTR_init), MP_ROM_PTR(&machine_pin_init_obj) },
    { MP_ROM_QSTR(MP_QSTR_value), MP_ROM_PTR(&machine_pin_value_obj) },
    { MP_ROM_QSTR(MP_QSTR_low), MP_ROM_PTR(&machine_pin_low_obj) },
    { MP_ROM_QSTR(MP_QSTR_high), MP_ROM_PTR(&machine_pin_high_obj) },
    { MP_ROM_QSTR(MP_QSTR_off), MP_ROM_PTR(&machine_pin_low_obj) },
    { MP_ROM_QSTR(MP_QSTR_on), MP_ROM_PTR(&machine_pin_high_obj) },
    { MP_ROM_QSTR(MP_QSTR_toggle), MP_ROM_PTR(&machine_pin_toggle_obj) },
    { MP_ROM_QSTR(MP_QSTR_irq), MP_ROM_PTR(&machine_pin_irq_obj) },

    { MP_ROM_QSTR(MP_QSTR_board), MP_ROM_PTR(&machine_pin_board_type) },
    { MP_ROM_QSTR(MP_QSTR_cpu), MP_ROM_PTR(&machine_pin_cpu_type) },

    { MP_ROM_QSTR(MP_QSTR_IN), MP_ROM_INT(MCU_PIN_IN) },
    { MP_ROM_QSTR(MP_QSTR_OUT), MP_ROM_INT(MCU_PIN_OUT) },
    { MP_ROM_QSTR(MP_QSTR_OPEN_DRAIN), MP_ROM_INT(MCU_PIN_OPEN_DRAIN) },
    { MP_ROM_QSTR(MP_QSTR_PULL_UP), MP_ROM_INT(MCU_PULL_UP) },
    { MP_ROM_QSTR(MP_QSTR_PULL_DOWN), MP_ROM_INT(MCU_PULL_DOWN) },
    { MP_ROM_QSTR(MP_QSTR_IRQ_RISING), MP_ROM_INT(MCU_EDGE_RISE) },
    { MP_ROM_QSTR(MP_QSTR_IRQ_FALLING), MP_ROM_INT(MCU_EDGE_FALL) },
};
static MP_DEFINE_CONST_DICT(machine_pin_locals_dict, machine_pin_locals_dict_table);

// The C interface to a pin, which Signal uses.
static mp_uint_t machine_pin_ioctl(mp_obj_t self_in, mp_uint_t request, uintptr_t arg, int *errcode) {
    machine_pin_obj_t *self = MP_OBJ_TO_PTR(self_in);
    switch (request) {
        case MP_PIN_READ:
            return mcu_pin_read(self->id);
        case MP_PIN_WRITE:
            mcu_pin_write(self->id, arg);
            return 0;
        default:
            return -1;
    }
}

static const mp_pin_p_t machine_pin_protocol = {
    .ioctl = machine_pin_ioctl,
};

MP_DEFINE_CONST_OBJ_TYPE(
    machine_pin_type,
    MP_QSTR_Pin,
    MP_TYPE_FLAG_NONE,
    make_new, mp_pin_make_new,
    print, machine_pin_print,
    call, machine_pin_call,
    protocol, &machine_pin_protocol,
    locals_dict, &machine_pin_locals_dict
    );
