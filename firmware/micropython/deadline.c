// SPDX-License-Identifier: MIT
//
// The queue of deadlines: a linked list, sorted by time. It is short (each
// machine.Timer that runs, and one sleep), so it needs no better structure.

#include "py/gc.h"
#include "py/mphal.h"
#include "mcu/mcu.h"
#include "deadline.h"

static deadline_t *first;

static void set_alarm(void) {
    if (first == NULL) {
        mcu_alarm_clear();
        return;
    }
    uint64_t now = mcu_clock_us();
    mcu_alarm_set(first->at_us > now ? first->at_us - now : 0);
}

static void unlink(deadline_t *self) {
    for (deadline_t **link = &first; *link != NULL; link = &(*link)->next) {
        if (*link == self) {
            *link = self->next;
            return;
        }
    }
}

// Equal deadlines expire in the order in which they were added.
static void link_sorted(deadline_t *self) {
    deadline_t **link = &first;
    while (*link != NULL && (*link)->at_us <= self->at_us) {
        link = &(*link)->next;
    }
    self->next = *link;
    *link = self;
}

void deadline_add(deadline_t *self, uint64_t at_us) {
    uint32_t state = MICROPY_BEGIN_ATOMIC_SECTION();
    unlink(self);
    self->at_us = at_us;
    link_sorted(self);
    set_alarm();
    MICROPY_END_ATOMIC_SECTION(state);
}

void deadline_remove(deadline_t *self) {
    uint32_t state = MICROPY_BEGIN_ATOMIC_SECTION();
    unlink(self);
    set_alarm();
    MICROPY_END_ATOMIC_SECTION(state);
}

void deadline_remove_all(void) {
    uint32_t state = MICROPY_BEGIN_ATOMIC_SECTION();
    first = NULL;
    set_alarm();
    MICROPY_END_ATOMIC_SECTION(state);
}

void deadline_rearm(void) {
    uint32_t state = MICROPY_BEGIN_ATOMIC_SECTION();
    set_alarm();
    MICROPY_END_ATOMIC_SECTION(state);
}

void deadline_gc_collect(void) {
    // An interrupt in between could move the node that we stand on, and we would
    // miss those behind its old place.
    uint32_t state = MICROPY_BEGIN_ATOMIC_SECTION();
    for (deadline_t *node = first; node != NULL; node = node->next) {
        void *root = node;
        gc_collect_root(&root, 1);
    }
    MICROPY_END_ATOMIC_SECTION(state);
}

void deadline_isr(void) {
    mp_hal_signal_event();
    // The time is read once: if a timer's period is shorter than its handling,
    // the rest of the program must get its turn in between.
    uint64_t now = mcu_clock_us();
    while (first != NULL && first->at_us <= now) {
        deadline_t *due = first;
        first = due->next;
        if (due->expired != NULL) {
            due->expired(due);
        }
    }
    set_alarm();
}
