/* What a program can see of the RP2040's peripherals, printed: one line for each
 * register looked at. Two emulators that are right print the same text.
 *
 * Nothing that depends on how fast instructions are is printed. */
#include "rp2040.h"

static void put(char c) {
    while (load(UART0 + 0x18) & 1 << 5) { /* UARTFR.TXFF, 4.2.8 */
    }
    store(UART0, (uint8_t)c);
}

static void print(const char *text) {
    for (; *text; text++) {
        if (*text == '\n') {
            put('\r');
        }
        put(*text);
    }
}

static void show(const char *what, uint32_t value) {
    print(what);
    print(" ");
    for (int bit = 28; bit >= 0; bit -= 4) {
        put("0123456789abcdef"[value >> bit & 15]);
    }
    print("\n");
}

static void show_register(const char *what, uint32_t address) { show(what, load(address)); }

/* Whether bits of a register come to be `value` before something is plainly wrong. */
static uint32_t comes(uint32_t address, uint32_t bits, uint32_t value) {
    for (uint32_t tries = 0; tries < 100000; tries++) {
        if ((load(address) & bits) == value) {
            return 1;
        }
    }
    return 0;
}

/* ---- Start ---- */

/* Whether each came to be what it should, from bit 0 on. */
static uint32_t clocks(void) {
    store(XOSC + 0x0c, 47);                     /* STARTUP: 1 ms at 12 MHz, 2.16.3 */
    store(XOSC + 0x00, 0xfabaa0);               /* CTRL: enable, 1 to 15 MHz */
    uint32_t right = comes(XOSC + 0x04, 1u << 31, 1u << 31);
    store(CLOCKS + 0x30, 2);                    /* CLK_REF_CTRL.SRC: the crystal, 2.15.7 */
    right |= comes(CLOCKS + 0x38, 4, 4) << 1;
    store(CLOCKS + 0x3c, 0);                    /* CLK_SYS_CTRL.SRC: clk_ref */
    right |= comes(CLOCKS + 0x44, 1, 1) << 2;
    store(WATCHDOG + 0x2c, 1 << 9 | 12);        /* TICK: 1 us, 4.7.6 */
    return right;
}

static void uart(void) {
    enum { IO = 1 << 5, PADS = 1 << 8, U0 = 1 << 22 };
    store(RESETS + CLEAR, IO | PADS | U0);
    while ((load(RESETS + 8) & (IO | PADS | U0)) != (IO | PADS | U0)) {
    }
    store(CLOCKS + 0x48, 1 << 11);              /* CLK_PERI_CTRL.ENABLE, from clk_sys */
    store(UART0 + 0x24, 6);                     /* 115200 at 12 MHz, 4.2.7.1 */
    store(UART0 + 0x28, 33);
    store(UART0 + 0x2c, 3 << 5 | 1 << 4);       /* 8 bits, FIFOs */
    store(UART0 + 0x30, 1 << 9 | 1 << 8 | 1);
    store(IO_BANK0 + 0x04, 2);                  /* GPIO0_CTRL.FUNCSEL: UART0 TX, 2.19.2 */
}

static void resets(void) {
    const uint32_t wanted = 1 << 0 | 1 << 3 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 21 | 1 << 23;
    store(RESETS + CLEAR, wanted);              /* ADC, I2C0, PWM, RTC, SPI0, TIMER, UART1: 2.14.3 */
    show("resets done", comes(RESETS + 8, wanted, wanted));
    show("resets held", load(RESETS) & wanted);
}

/* ---- What all blocks have: 2.1.2, 2.1.4 ---- */

static void aliases(void) {
    const uint32_t scratch = WATCHDOG + 0x0c;
    store(scratch, 0x0f0f0f0f);
    store(scratch + TOGGLE, 0xff);
    show_register("alias toggle", scratch);
    store(scratch + SET, 0xf000);
    show_register("alias set", scratch);
    store(scratch + CLEAR, 0xf);
    show_register("alias clear", scratch);
    store8(scratch + 4, 0xa5);
    show_register("narrow byte", scratch + 4);
    store16(scratch + 4, 0x1234);
    show_register("narrow half", scratch + 4);
    show("narrow load", *(volatile uint8_t *)(scratch + 5));
}

/* ---- SIO: 2.3.1 ---- */

static void divide(const char *what, int is_signed, uint32_t dividend, uint32_t divisor) {
    store(SIO + (is_signed ? 0x68 : 0x60), dividend);
    store(SIO + (is_signed ? 0x6c : 0x64), divisor);
    comes(SIO + 0x78, 1, 1);
    print(what);
    print(" ");
    show("remainder", load(SIO + 0x74));
    print(what);
    print(" ");
    show("quotient", load(SIO + 0x70));
}

static void divider(void) {
    divide("divider unsigned", 0, 100, 7);
    divide("divider large", 0, 0xffffffff, 3);
    divide("divider negative dividend", 1, (uint32_t)-100, 7);
    divide("divider negative divisor", 1, 100, (uint32_t)-7);
    divide("divider both negative", 1, (uint32_t)-100, (uint32_t)-7);
    divide("divider unsigned by zero", 0, 42, 0);
    divide("divider signed by zero", 1, 42, 0);
    divide("divider overflow", 1, 0x80000000, (uint32_t)-1);
    store(SIO + 0x60, 9);
    show("divider dirty", load(SIO + 0x78) & 2);
    load(SIO + 0x70);
    show("divider clean", load(SIO + 0x78) & 2);
}

static void sio(void) {
    show_register("sio cpuid", SIO);
    show_register("sio fifo status", SIO + 0x50);
    show_register("sio lock taken", SIO + 0x100 + 4 * 5);
    show_register("sio lock refused", SIO + 0x100 + 4 * 5);
    show_register("sio locks", SIO + 0x5c);
    store(SIO + 0x100 + 4 * 5, 1);
    show_register("sio locks free", SIO + 0x5c);
    store(SIO + 0x10, 0xf0);
    store(SIO + 0x14, 0x0f);
    store(SIO + 0x18, 0x30);
    store(SIO + 0x1c, 0xff);
    show_register("sio out", SIO + 0x10);
    store(SIO + 0x20, 0xf0);
    store(SIO + 0x24, 0x0f);
    store(SIO + 0x28, 0x30);
    store(SIO + 0x2c, 0xff);
    show_register("sio enable", SIO + 0x20);
    store(SIO + 0x20, 0);
    store(SIO + 0x10, 0);
}

/* ---- Pins: 2.19 ---- */

static volatile uint32_t pin_interrupts;

void pin_interrupt(void) {
    pin_interrupts++;
    store(IO_BANK0 + 0xf0, 0xc << 8);           /* INTR0: both edges of GPIO2 */
}

static void pins(void) {
    show_register("pad at reset", PADS_BANK0 + 0x04 + 4 * 3);
    show_register("pin control at reset", IO_BANK0 + 4 + 8 * 3);
    store(PADS_BANK0 + 0x04 + 4 * 2, 0x56);     /* GPIO2 as it is at reset, 2.19.6.3 */
    store(IO_BANK0 + 4 + 8 * 2, 5);             /* its function: SIO */
    store(SIO + 0x24, 4);
    store(SIO + 0x18, 4);
    store(IO_BANK0 + 0xf0, 0xc << 8);
    show("pin low", load(SIO + 4) & 4);
    show("pin low events", load(IO_BANK0 + 0xf0) & 0xf00);
    store(SIO + 0x14, 4);
    show("pin high", load(SIO + 4) & 4);
    show("pin high events", load(IO_BANK0 + 0xf0) & 0xf00);
    store(IO_BANK0 + 0xf0, 8 << 8);
    show("pin edge cleared", load(IO_BANK0 + 0xf0) & 0xf00);
    store(IO_BANK0 + 0x100, 4 << 8);            /* PROC0_INTE0: falling */
    show("pin quiet", load(IO_BANK0 + 0x120) & 0xf00);
    store(NVIC, 1 << 13);
    store(SIO + 0x18, 4);
    store(SIO + 0x14, 4);
    store(SIO + 0x18, 4);
    show("pin interrupts", pin_interrupts);
    store(NVIC + 0x80, 1 << 13);
    store(IO_BANK0 + 0x100, 0);
    store(IO_BANK0 + 0x110, 1 << 8);            /* PROC0_INTF0 */
    show("pin forced", load(IO_BANK0 + 0x120) & 0xf00);
    store(IO_BANK0 + 0x110, 0);
    store(SIO + 0x28, 4);
}

/* ---- Timer: 4.6 ---- */

static volatile uint32_t timer_interrupts;

void timer_interrupt(void) {
    timer_interrupts++;
    store(TIMER + 0x34, 1);                     /* INTR */
}

static void timer(void) {
    show("timer counts", comes(TIMER + 0x28, 16, 16) && comes(TIMER + 0x28, 16, 0));
    store(TIMER + 0x10, load(TIMER + 0x28) + 20); /* ALARM0 */
    show("timer armed", load(TIMER + 0x20) & 1);
    show("timer fires", comes(TIMER + 0x34, 1, 1));
    show("timer disarmed", load(TIMER + 0x20) & 1);
    store(TIMER + 0x34, 1);
    show("timer cleared", load(TIMER + 0x34) & 1);
    store(TIMER + 0x3c, 4);                     /* INTF */
    show("timer forced", load(TIMER + 0x40));
    store(TIMER + 0x3c, 0);
    store(TIMER + 0x14, load(TIMER + 0x28) + 100000);
    store(TIMER + 0x20, 2);
    show("timer cancelled", load(TIMER + 0x20));
    store(TIMER + 0x38, 1);                     /* INTE */
    store(NVIC, 1);
    store(TIMER + 0x10, load(TIMER + 0x28) + 20);
    while (!timer_interrupts) {
        __asm volatile("wfi");
    }
    show("timer interrupts", timer_interrupts);
    store(TIMER + 0x38, 0);
}

/* ---- PWM: 4.5 ---- */

static void pwm(void) {
    show_register("pwm control at reset", PWM);
    show_register("pwm divider at reset", PWM + 4);
    show_register("pwm top at reset", PWM + 16);
    store(PWM + 8, 1234);
    show_register("pwm counter", PWM + 8);
    store(PWM + 12, 0x00030005);
    show_register("pwm compare", PWM + 12);
    store(PWM + 16, 9);
    store(PWM + 8, 0);
    store(PWM, 1);
    show("pwm enabled", load(PWM + 0xa0));
    show("pwm wraps", comes(PWM + 0xa4, 1, 1));
    store(PWM, 0);
    store(PWM + 0xa4, 1);
    show("pwm cleared", load(PWM + 0xa4) & 1);
    store(PWM + 0xac, 2);
    show("pwm forced", load(PWM + 0xb0));
    store(PWM + 0xac, 0);
}

/* ---- The others ---- */

static void watchdog(void) {
    show("watchdog reason", load(WATCHDOG + 8));
    show("watchdog control", load(WATCHDOG) & 0x47000000);
    show("watchdog ticks", load(WATCHDOG + 0x2c) & 0x7ff);
}

static void adc(void) {
    store(ADC, 1);                              /* CS.EN, 4.9.6 */
    show("adc ready", comes(ADC, 1 << 8, 1 << 8));
    show("adc control", load(ADC));
    show("adc fifo", load(ADC + 8) & ~(1u << 8));
    store(ADC + 8, 1);
    store(ADC, 5);                              /* START_ONCE */
    show("adc in fifo", comes(ADC + 8, 0xf << 16, 1 << 16));
    show("adc result is the fifo's", load(ADC + 4) == load(ADC + 12));
    store(ADC, 0);
}

static void i2c(void) {
    show_register("i2c control at reset", I2C0);
    show_register("i2c target at reset", I2C0 + 4);
    show_register("i2c status at reset", I2C0 + 0x70);
    show_register("i2c component", I2C0 + 0xfc);
    show_register("i2c interrupts at reset", I2C0 + 0x34);
}

static void spi(void) {
    show_register("spi status at reset", SPI0 + 0x0c);
    show_register("spi identity", SPI0 + 0xfe0);
    store(SPI0 + 0x10, 2);                      /* CPSR */
    store(SPI0, 7);                             /* CR0: 8 bits */
    store(SPI0 + 4, 3);                         /* CR1: loop back, enabled, 4.4.4 */
    store(SPI0 + 8, 0xa5);
    show("spi done", comes(SPI0 + 0x0c, 0x14, 4));
    show_register("spi looped", SPI0 + 8);
    show_register("spi status", SPI0 + 0x0c);
    store(SPI0 + 4, 0);
}

static void uart1(void) {
    show_register("uart flags at reset", UART1 + 0x18);
    show_register("uart control at reset", UART1 + 0x30);
    show_register("uart identity", UART1 + 0xfe0);
    show_register("uart levels at reset", UART1 + 0x34);
}

static void rtc(void) {
    store(RTC, 46874);                          /* CLKDIV_M1, 4.8.6 */
    store(RTC + 4, 2024u << 12 | 2 << 8 | 29);
    store(RTC + 8, 4u << 24 | 23 << 16 | 59 << 8 | 58);
    store(RTC + 0x0c, 1 << 4);                  /* LOAD */
    store(RTC + 0x0c, 1);                       /* ENABLE */
    show("rtc active", comes(RTC + 0x0c, 2, 2));
    const uint32_t time = load(RTC + 0x1c);     /* RTC_0 holds RTC_1 still */
    show("rtc time", time & 0xffffff00);
    show("rtc date", load(RTC + 0x18));
}

void main(void) {
    const uint32_t right = clocks();
    uart();
    print("registers\n");
    show("clocks", right);
    resets();
    aliases();
    sio();
    divider();
    pins();
    timer();
    pwm();
    watchdog();
    adc();
    i2c();
    spi();
    uart1();
    rtc();
    print("end\n");
}
