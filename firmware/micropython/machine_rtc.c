// SPDX-License-Identifier: MIT
//
// machine.RTC: a date and time on top of the microsecond clock. It starts at
// 2021-01-01 with each reset of the CPU and survives a soft reset, as on rp2.

#include "py/mphal.h"
#include "py/runtime.h"
#include "extmod/modmachine.h"
#include "shared/timeutils/timeutils.h"

typedef struct _machine_rtc_obj_t {
    mp_obj_base_t base;
} machine_rtc_obj_t;

static const machine_rtc_obj_t machine_rtc_obj = { { &machine_rtc_type } };

static mp_obj_t machine_rtc_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    return MP_OBJ_FROM_PTR(&machine_rtc_obj);
}

// The order of the fields: year, month, day, weekday, hours, minutes, seconds,
// subseconds. Weekdays need not be right when setting; subseconds are always 0.

static mp_obj_t get_datetime(void) {
    timeutils_struct_time_t now;
    timeutils_seconds_since_epoch_to_struct_time(mp_hal_time_s(), &now);
    mp_obj_t fields[8] = {
        mp_obj_new_int(now.tm_year),
        mp_obj_new_int(now.tm_mon),
        mp_obj_new_int(now.tm_mday),
        mp_obj_new_int(now.tm_wday),
        mp_obj_new_int(now.tm_hour),
        mp_obj_new_int(now.tm_min),
        mp_obj_new_int(now.tm_sec),
        MP_OBJ_NEW_SMALL_INT(0),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(fields), fields);
}

static void set_datetime(mp_obj_t datetime) {
    mp_obj_t *fields;
    mp_obj_get_array_fixed_n(datetime, 8, &fields);
    uint64_t seconds = timeutils_seconds_since_epoch(
        mp_obj_get_int(fields[0]), mp_obj_get_int(fields[1]), mp_obj_get_int(fields[2]),
        mp_obj_get_int(fields[4]), mp_obj_get_int(fields[5]), mp_obj_get_int(fields[6]));
    mp_hal_epoch_offset_us = seconds * 1000000 - mp_hal_clock_us();
}

static mp_obj_t machine_rtc_datetime(size_t n_args, const mp_obj_t *args) {
    if (n_args == 1) {
        return get_datetime();
    }
    set_datetime(args[1]);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(machine_rtc_datetime_obj, 1, 2, machine_rtc_datetime);

static const mp_rom_map_elem_t machine_rtc_locals_dict_table[] = {
    { MP_ROM_QSTR(MP_QSTR_datetime), MP_ROM_PTR(&machine_rtc_datetime_obj) },
};
static MP_DEFINE_CONST_DICT(machine_rtc_locals_dict, machine_rtc_locals_dict_table);

MP_DEFINE_CONST_OBJ_TYPE(
    machine_rtc_type,
    MP_QSTR_RTC,
    MP_TYPE_FLAG_NONE,
    make_new, machine_rtc_make_new,
    locals_dict, &machine_rtc_locals_dict
    );
