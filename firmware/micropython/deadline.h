// SPDX-License-Identifier: MIT
//
// Moments at which something must happen. They wait in one queue, and the
// microcontroller's alarm is set for the first of them: nothing ticks.
#ifndef REPLAB_DEADLINE_H
#define REPLAB_DEADLINE_H

#include <stdint.h>
#include "py/obj.h"

typedef struct _deadline_t {
    // A machine.Timer is a deadline, and the garbage collector finds an object
    // only by a pointer to its start. So the object's head comes first, and is
    // simply unused for a deadline on the stack.
    mp_obj_base_t base;
    struct _deadline_t *next;
    uint64_t at_us;
    // Called by the alarm's interrupt, when the deadline is out of the queue (it
    // may be put back in). NULL just wakes the CPU.
    void (*expired)(struct _deadline_t *self);
} deadline_t;

// Adding a deadline twice, or removing one that is not in the queue, is fine.
void deadline_add(deadline_t *self, uint64_t at_us);
void deadline_remove(deadline_t *self);

// Forgets all deadlines. For the soft reset.
void deadline_remove_all(void);

// Sets the alarm for the first deadline, after somebody else used its timer.
void deadline_rearm(void);

// Keeps the timers in the queue from being collected.
void deadline_gc_collect(void);

// The alarm's interrupt.
void deadline_isr(void);

#endif // REPLAB_DEADLINE_H
