// SPDX-License-Identifier: MIT
//
// From reset to the prompt, and round again at each soft reset. The order of
// things is that of ports/rp2/main.c, Copyright (c) 2020-2021 Damien P. George
// (see LICENSE), because programs can tell: above all, main.py does not run
// after a boot.py that failed, nor when the host asked for the raw REPL.

#include "py/cstack.h"
#include "py/gc.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "shared/readline/readline.h"
#include "shared/runtime/gchelper.h"
#include "shared/runtime/pyexec.h"
#include "shared/timeutils/timeutils.h"
#include "deadline.h"
#include "fatal.h"
#include "machine_pin.h"
#include "modmachine_port.h"

extern uint8_t _heap_start[], _heap_end[], _sstack[], _estack[];

// True if a script asked for a soft reset.
static bool run_scripts(void) {
    pyexec_frozen_module("_boot.py", false);
    int result = pyexec_file_if_exists("boot.py");
    if (result & PYEXEC_FORCED_EXIT) {
        return true;
    }
    if (pyexec_mode_kind == PYEXEC_MODE_FRIENDLY_REPL && result != 0) {
        result = pyexec_file_if_exists("main.py");
    }
    return (result & PYEXEC_FORCED_EXIT) != 0;
}

// Returns at a soft reset. 0 means that the host switched between the two REPLs.
static void run_repl(void) {
    int result;
    do {
        result = pyexec_mode_kind == PYEXEC_MODE_RAW_REPL ? pyexec_raw_repl() : pyexec_friendly_repl();
    } while (result == 0);
}

static void run_python(void) {
    mp_init();
    mp_obj_list_append(mp_sys_path, MP_OBJ_NEW_QSTR(MP_QSTR__slash_lib));
    readline_init0();

    if (!run_scripts()) {
        run_repl();
    }

    mp_printf(MP_PYTHON_PRINTER, "MPY: soft reboot\n");
    deadline_remove_all();
    machine_pin_irq_deinit();
    gc_sweep_all();
    mp_deinit();
}

int main(void) {
    machine_note_reset_cause();
    mcu_init();
    // The clock of a Pico starts at this moment, too.
    mp_hal_epoch_offset_us = (uint64_t)timeutils_seconds_since_epoch(2021, 1, 1, 0, 0, 0) * 1000000;
    mp_cstack_init_with_top(_estack, _estack - _sstack);
    gc_init(_heap_start, _heap_end);
    for (;;) {
        run_python();
    }
}

void gc_collect(void) {
    gc_collect_start();
    gc_helper_collect_regs_and_stack();
    deadline_gc_collect();
    gc_collect_end();
}

// An exception that no handler is there for: a mistake in C code.
void nlr_jump_fail(void *exception) {
    mp_obj_print_exception(&mp_plat_print, MP_OBJ_FROM_PTR(exception));
    fatal_error("uncaught exception");
}

#ifndef NDEBUG
void __assert_func(const char *file, int line, const char *function, const char *expression) {
    mp_printf(&mp_plat_print, "%s:%d: %s: assertion failed: %s\n", file, line, function, expression);
    fatal_error("assertion failed");
}
#endif
