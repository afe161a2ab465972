// The arithmetic that the boot ROM offers (RP2040 data sheet §2.8.3.2), by the compiler's
// own functions. The pico-sdk's programs use it for `float` and `double` by default.
//
// As the chip's ROM does, conversions to whole and fixed-point numbers round down and
// stay at the ends of their range. Unlike it, numbers below the normal range are kept.

#include <limits.h>
#include <stdint.h>

typedef union {
    float value;
    uint32_t bits;
} single;

typedef union {
    double value;
    uint64_t bits;
} twice;

// Two to the power of `n`, for each `n` that leaves a normal number.
static float power_f(int n) {
    return (single) {.bits = (uint32_t)(127 + n) << 23}.value;
}

static double power_d(int n) {
    return (twice) {.bits = (uint64_t)(1023 + n) << 52}.value;
}

float rom_fadd(float a, float b) { return a + b; }
float rom_fsub(float a, float b) { return a - b; }
float rom_fmul(float a, float b) { return a * b; }
float rom_fdiv(float a, float b) { return a / b; }
double rom_dadd(double a, double b) { return a + b; }
double rom_dsub(double a, double b) { return a - b; }
double rom_dmul(double a, double b) { return a * b; }
double rom_ddiv(double a, double b) { return a / b; }

// -1, 0 or 1. What is no number is taken for the largest.
int rom_dcmp(double a, double b) { return a < b ? -1 : a == b ? 0 : 1; }
int rom_fcmp(float a, float b) { return a < b ? -1 : a == b ? 0 : 1; }

int32_t rom_d2i(double a) {
    int32_t cut = (int32_t)a;
    return cut != INT32_MIN && (double)cut > a ? cut - 1 : cut;
}
uint32_t rom_d2u(double a) { return a < 0 ? 0 : (uint32_t)a; }
int64_t rom_d2l(double a) {
    int64_t cut = (int64_t)a;
    return cut != INT64_MIN && (double)cut > a ? cut - 1 : cut;
}
uint64_t rom_d2ul(double a) { return a < 0 ? 0 : (uint64_t)a; }
int32_t rom_d2fix(double a, int n) { return rom_d2i(a * power_d(n)); }
uint32_t rom_d2ufix(double a, int n) { return rom_d2u(a * power_d(n)); }
int64_t rom_d2fixl(double a, int n) { return rom_d2l(a * power_d(n)); }
uint64_t rom_d2ufixl(double a, int n) { return rom_d2ul(a * power_d(n)); }

double rom_i2d(int32_t a) { return a; }
double rom_u2d(uint32_t a) { return a; }
double rom_l2d(int64_t a) { return (double)a; }
double rom_ul2d(uint64_t a) { return (double)a; }
double rom_fix2d(int32_t a, int n) { return a * power_d(-n); }
double rom_ufix2d(uint32_t a, int n) { return a * power_d(-n); }
double rom_fixl2d(int64_t a, int n) { return (double)a * power_d(-n); }
double rom_ufixl2d(uint64_t a, int n) { return (double)a * power_d(-n); }

// Each `float` is a `double`, so these need no code of their own.
int32_t rom_f2i(float a) { return rom_d2i(a); }
uint32_t rom_f2u(float a) { return rom_d2u(a); }
int64_t rom_f2l(float a) { return rom_d2l(a); }
uint64_t rom_f2ul(float a) { return rom_d2ul(a); }
int32_t rom_f2fix(float a, int n) { return rom_d2fix(a, n); }
uint32_t rom_f2ufix(float a, int n) { return rom_d2ufix(a, n); }
int64_t rom_f2fixl(float a, int n) { return rom_d2fixl(a, n); }
uint64_t rom_f2ufixl(float a, int n) { return rom_d2ufixl(a, n); }

// Whole numbers of 64 bits are rounded once: not by way of a `double`.
float rom_i2f(int32_t a) { return (float)a; }
float rom_u2f(uint32_t a) { return (float)a; }
float rom_l2f(int64_t a) { return (float)a; }
float rom_ul2f(uint64_t a) { return (float)a; }
float rom_fix2f(int32_t a, int n) { return (float)a * power_f(-n); }
float rom_ufix2f(uint32_t a, int n) { return (float)a * power_f(-n); }
float rom_fixl2f(int64_t a, int n) { return (float)a * power_f(-n); }
float rom_ufixl2f(uint64_t a, int n) { return (float)a * power_f(-n); }

double rom_f2d(float a) { return a; }
float rom_d2f(double a) { return (float)a; }

// A root, bit by bit. The result has one bit more than a mantissa, which rounds it: the
// root of a number with `bits` bits lies never half way between two with as many.
static uint64_t root(uint64_t high, unsigned bits) {
    // `high` is the mantissa, below 4.0 as fixed point with `bits - 1` places; the places
    // behind it are zeros, brought down two at a time.
    uint64_t rest = 0;
    uint64_t found = 0;
    for (unsigned i = 0; i <= bits; i++) {
        rest = rest << 2 | (high >> (bits - 1) & 3);
        high <<= 2;
        uint64_t trial = found << 2 | 1;
        found <<= 1;
        if (rest >= trial) {
            rest -= trial;
            found |= 1;
        }
    }
    return found;
}

double rom_dsqrt(double a) {
    twice x = {.value = a};
    int exponent = (int)(x.bits >> 52) & 0x7ff;
    if (a == 0 || a != a || (exponent == 0x7ff && a > 0)) {
        return a;
    }
    if (a < 0) {
        return (twice) {.bits = (uint64_t)0xfff8 << 48}.value;
    }
    if (exponent == 0) {
        return rom_dsqrt(a * power_d(108)) * power_d(-54);
    }
    uint64_t mantissa = (x.bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52;
    int odd = ~exponent & 1;
    uint64_t found = root(mantissa << odd, 53);
    x.bits = ((found + 1) >> 1) + ((uint64_t)((exponent - 1023 - odd) / 2 + 1022) << 52);
    return x.value;
}

// A double's root is exact enough to be rounded once more.
float rom_fsqrt(float a) { return (float)rom_dsqrt(a); }
