// The configuration of MicroPython's rp2 port, less what needs mbedtls, which
// Debian's source package of MicroPython leaves out.
#include <mpconfigport.h>

#undef MICROPY_SSL_MBEDTLS
#define MICROPY_SSL_MBEDTLS (0)
#undef MICROPY_PY_HASHLIB_SHA1
#define MICROPY_PY_HASHLIB_SHA1 (0)
#undef MICROPY_PY_CRYPTOLIB
#define MICROPY_PY_CRYPTOLIB (0)
