// SPDX-License-Identifier: MIT
//
// What this port builds of MicroPython. The values are those of the rp2 port
// wherever this hardware allows it, so that a program behaves here as on a Pico;
// the order of the options follows ports/rp2/mpconfigport.h, Copyright (c)
// 2020-2021 Damien P. George (see LICENSE). Each difference says why.

#include <stdint.h>
#include <alloca.h>
#include "mpconfigboard.h"

#define MICROPY_CONFIG_ROM_LEVEL                (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

// Memory allocation
#define MICROPY_GC_STACK_ENTRY_TYPE             uint16_t
#define MICROPY_ALLOC_PATH_MAX                  (128)
#define MICROPY_QSTR_BYTES_IN_HASH              (1)

// Code emitters
#define MICROPY_PERSISTENT_CODE_LOAD            (1)
#define MICROPY_EMIT_THUMB                      (1)
#define MICROPY_EMIT_INLINE_THUMB               (1)
#define MICROPY_MAKE_POINTER_CALLABLE(p)        ((void *)((mp_uint_t)(p) | 1))

// Optimisations
#define MICROPY_OPT_COMPUTED_GOTO               (1)

// Language
#define MICROPY_READER_VFS                      (1)
#define MICROPY_ENABLE_GC                       (1)
#define MICROPY_STACK_CHECK_MARGIN              (256)
#define MICROPY_ENABLE_EMERGENCY_EXCEPTION_BUF  (1)
#define MICROPY_LONGINT_IMPL                    (MICROPY_LONGINT_IMPL_MPZ)
#define MICROPY_FLOAT_IMPL                      (MICROPY_FLOAT_IMPL_FLOAT)
#define MICROPY_SCHEDULER_DEPTH                 (8)
#define MICROPY_SCHEDULER_STATIC_NODES          (1)
#define MICROPY_USE_INTERNAL_ERRNO              (1)

// Built-in names and modules
#define MICROPY_PY_BUILTINS_HELP_TEXT           replab_help_text
#define MICROPY_PY_SYS_PLATFORM                 "replab"
// Off on rp2. Programs written for CPython use it, and it is the easiest way to
// show what a list costs.
#define MICROPY_PY_SYS_GETSIZEOF                (1)

// Extended modules. The files named here must not be called as those of extmod/
// that include them: an include in quotes would find the including file itself.
#define MICROPY_EPOCH_IS_1970                   (1)
#define MICROPY_PY_OS_INCLUDEFILE               "modos_port.c"
#define MICROPY_PY_OS_DUPTERM                   (1)
#define MICROPY_PY_OS_DUPTERM_NOTIFY            (1)
#define MICROPY_PY_OS_SYNC                      (1)
#define MICROPY_PY_OS_UNAME                     (1)
#define MICROPY_PY_OS_URANDOM                   (1)
#define MICROPY_PY_RE_MATCH_GROUPS              (1)
#define MICROPY_PY_RE_MATCH_SPAN_START_END      (1)
// These three need mbedtls or axtls, which Debian's source archive leaves out.
#define MICROPY_PY_HASHLIB_SHA1                 (0)
#define MICROPY_PY_CRYPTOLIB                    (0)
#define MICROPY_PY_SSL                          (0)
#define MICROPY_PY_TIME_GMTIME_LOCALTIME_MKTIME (1)
#define MICROPY_PY_TIME_TIME_TIME_NS            (1)
#define MICROPY_PY_TIME_INCLUDEFILE             "modtime_port.c"
// Declared here because extmod/modrandom.c includes no header of the port.
uint32_t mp_hal_random_u32(void);
#define MICROPY_PY_RANDOM_SEED_INIT_FUNC        (mp_hal_random_u32())
#define MICROPY_PY_MACHINE                      (1)
#define MICROPY_PY_MACHINE_INCLUDEFILE          "modmachine_port.c"
#define MICROPY_PY_MACHINE_RESET                (1)
#define MICROPY_PY_MACHINE_BARE_METAL_FUNCS     (1)
#define MICROPY_PY_MACHINE_DISABLE_IRQ_ENABLE_IRQ (1)
#define MICROPY_PY_MACHINE_PIN_MAKE_NEW         mp_pin_make_new
#define MICROPY_PY_MACHINE_BITSTREAM            (1)
#define MICROPY_PY_MACHINE_DHT_READINTO         (1)
#define MICROPY_PY_MACHINE_PULSE                (1)
#define MICROPY_PY_MACHINE_SIGNAL               (1)
#define MICROPY_PY_MACHINE_SOFTI2C              (1)
#define MICROPY_PY_MACHINE_SOFTSPI              (1)
#define MICROPY_PY_MACHINE_FREQ_NUM_ARGS_MAX    (2)
#define MICROPY_PY_ONEWIRE                      (1)
#define MICROPY_VFS                             (1)

// machine.Timer is ours, with microseconds (as on rp2): extmod's counts whole
// milliseconds.
#define MICROPY_PY_MACHINE_TIMER                (0)

// No threads: there is one core.
#define MICROPY_PY_THREAD                       (0)

// FAT, for block devices that a program makes itself
#define MICROPY_FATFS_ENABLE_LFN                (2)
#define MICROPY_FATFS_LFN_CODE_PAGE             437 /* 1=SFN/ANSI 437=LFN/U.S.(OEM) */
#define MICROPY_FATFS_RPATH                     (2)

// lib/libm has no log2f().
#define MP_NEED_LOG2 (1)

#define MP_STATE_PORT MP_STATE_VM

#define MP_SSIZE_MAX (0x7fffffff)
typedef intptr_t mp_int_t;
typedef uintptr_t mp_uint_t;
typedef intptr_t mp_off_t;
