// Holds arithmetic.c to this computer's own arithmetic, on random numbers of all
// magnitudes. Built for the computer, not for the board: `cc check.c -lm`, with
// -ffp-contract=off where the processor could multiply and add in one.

#include "arithmetic.c"

#include <math.h>
#include <stdio.h>
#include <string.h>

static uint64_t state = 88172645463325252u;

// Xorshift (Marsaglia 2003).
static uint64_t next(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static int differs(double found, double expected) {
    return memcmp(&found, &expected, sizeof found) != 0 && !(isnan(found) && isnan(expected));
}

#define CHECK(wrong)                             \
    if (wrong) {                                 \
        printf("number %d: %s\n", i, #wrong);    \
        return 1;                                \
    }

int main(void) {
    for (int i = 0; i < 300000; i++) {
        double d = (twice) {.bits = next()}.value;
        float f = (single) {.bits = (uint32_t)next()}.value;
        CHECK(differs(rom_dsqrt(d), sqrt(d)));
        float found = rom_fsqrt(f);
        CHECK(differs(found, sqrtf(f)));
        double g = (double)(int64_t)next() / (double)(UINT64_C(1) << next() % 63);
        int n = (int)(next() % 32);
        int32_t whole = (int32_t)next();
        CHECK(fabs(g) < 2e9 && rom_d2i(g) != (int32_t)floor(g));
        CHECK(fabs(g) < 9e18 && rom_d2l(g) != (int64_t)floor(g));
        CHECK(rom_d2u(-fabs(g)) != 0);
        CHECK(differs(rom_fix2d(whole, n), ldexp(whole, -n)));
        CHECK(rom_d2fix(ldexp(whole, -n), n) != whole);
        float scaled = rom_fix2f(whole, n);
        CHECK(differs(scaled, ldexpf((float)whole, -n)));
        CHECK(rom_dcmp(d, g) != -rom_dcmp(g, d) && !isnan(d));
    }
    printf("as expected\n");
    return 0;
}
