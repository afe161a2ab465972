// SPDX-License-Identifier: MIT
#ifndef REPLAB_MODMACHINE_PORT_H
#define REPLAB_MODMACHINE_PORT_H

// Learns why the CPU was reset, once, before anything else is done.
void machine_note_reset_cause(void);

#endif // REPLAB_MODMACHINE_PORT_H
