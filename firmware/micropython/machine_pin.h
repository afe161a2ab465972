// SPDX-License-Identifier: MIT
//
// What the rest of the port needs of machine.Pin.
#ifndef REPLAB_MACHINE_PIN_H
#define REPLAB_MACHINE_PIN_H

#include "py/obj.h"

// Called by the interrupt of a watched pin (mcu/mcu.h).
void machine_pin_edge_isr(unsigned pin);

// Takes all handlers away, before a soft reset.
void machine_pin_irq_deinit(void);

// Pin number `pin`, as Python sees it.
mp_obj_t machine_pin_object(unsigned pin);

MP_DECLARE_CONST_FUN_OBJ_KW(machine_pin_irq_obj);

#endif // REPLAB_MACHINE_PIN_H
