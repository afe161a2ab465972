/* Registers of the RP2040 as the register test uses them: data sheet, the section
 * of each block beside its address. */
#include <stdint.h>

enum {
    SYSINFO = 0x40000000,   /* 2.20 */
    CLOCKS = 0x40008000,    /* 2.15 */
    RESETS = 0x4000c000,    /* 2.14 */
    IO_BANK0 = 0x40014000,  /* 2.19.6.1 */
    PADS_BANK0 = 0x4001c000, /* 2.19.6.3 */
    XOSC = 0x40024000,      /* 2.16 */
    PLL_SYS = 0x40028000,   /* 2.18 */
    UART0 = 0x40034000,     /* 4.2 */
    UART1 = 0x40038000,
    SPI0 = 0x4003c000,      /* 4.4 */
    I2C0 = 0x40044000,      /* 4.3 */
    ADC = 0x4004c000,       /* 4.9 */
    PWM = 0x40050000,       /* 4.5 */
    TIMER = 0x40054000,     /* 4.6 */
    WATCHDOG = 0x40058000,  /* 4.7 */
    RTC = 0x4005c000,       /* 4.8 */
};

#define SIO 0xd0000000u     /* 2.3.1.7 */
#define NVIC 0xe000e100u    /* 2.4.5 */

/* The same register with its bits toggled, set or cleared: 2.1.2. */
enum { TOGGLE = 0x1000, SET = 0x2000, CLEAR = 0x3000 };

static inline uint32_t load(uint32_t address) { return *(volatile uint32_t *)address; }
static inline void store(uint32_t address, uint32_t value) { *(volatile uint32_t *)address = value; }
static inline void store16(uint32_t address, uint16_t value) { *(volatile uint16_t *)address = value; }
static inline void store8(uint32_t address, uint8_t value) { *(volatile uint8_t *)address = value; }
