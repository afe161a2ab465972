// SPDX-License-Identifier: MIT
#ifndef REPLAB_FATAL_H
#define REPLAB_FATAL_H

#include <stdint.h>

// Both print one line that starts with "FATAL: " and halt.

// `frame` is what the CPU pushed when it took exception number `exception`.
void fatal_exception(const uint32_t *frame, uint32_t exception) __attribute__((noreturn));
void fatal_error(const char *message) __attribute__((noreturn));

#endif // REPLAB_FATAL_H
