// SPDX-License-Identifier: MIT
//
// Time, from three timers that never tick:
//
// * TIMER0 counts microseconds, for ever;
// * TIMER1 is the alarm: it is stopped, or runs towards one compare event;
// * TIMER2 counts units of 32 us, and tells how often TIMER0 wrapped when nobody
//   looked.
//
// Facts about QEMU's model (10.0.2, hw/timer/nrf51_timer.c) that shape the code:
//
// * A running timer keeps an alarm in the emulator for each compare register
//   whose event flag is clear, whether its interrupt is enabled or not. A
//   counter that starts at 0, as the compare registers do, sets all four flags
//   at once, and is never heard of again. So the EVENTS_COMPARE flags of TIMER0
//   and TIMER2 must never be cleared: if they were, idle virtual time would no
//   longer stand still, but jump from wrap to wrap.
// * STOP removes the alarm. START after STOP counts the old value twice, unless
//   CLEAR comes in between.
//
// A single timer for clock and alarm would not do: an alarm that is no longer
// wanted would stay behind as a moment to which an idle machine jumps.

#include "mcu/mcu.h"
#include "mcu/nrf51/nrf51.h"
#include "deadline.h"

#define CLOCK  TIMER0_BASE
#define ALARM  TIMER1_BASE
#define COARSE TIMER2_BASE

// The timers divide 16 MHz by two to the power of the prescaler. 9 is the most
// that the manual allows (§18, PRESCALER).
#define PRESCALER_16MHZ (0)
#define PRESCALER_1US   (4)
#define PRESCALER_32US  (9)

// The longest delay given to the alarm; a longer one takes several.
#define ALARM_MAX_US (0x7fffffff)

static uint32_t clock_low;
static uint32_t clock_high;

// On silicon only TIMER0 has 32 bits (§18, BITMODE); QEMU gives them to all three.
static void timer_set_up(uintptr_t timer, uint32_t prescaler) {
    TIMER_STOP(timer) = 1;
    TIMER_MODE(timer) = TIMER_MODE_TIMER;
    TIMER_BITMODE(timer) = TIMER_BITMODE_32;
    TIMER_PRESCALER(timer) = prescaler;
    TIMER_CLEAR(timer) = 1;
}

static uint32_t timer_read(uintptr_t timer) {
    TIMER_CAPTURE0(timer) = 1;
    return TIMER_CC0(timer);
}

void nrf51_clock_init(void) {
    timer_set_up(CLOCK, PRESCALER_1US);
    timer_set_up(COARSE, PRESCALER_32US);
    timer_set_up(ALARM, PRESCALER_1US);
    TIMER_START(CLOCK) = 1;
    TIMER_START(COARSE) = 1;
    TIMER_INTENSET(ALARM) = TIMER_INT_COMPARE0;
}

uint64_t mcu_clock_us(void) {
    uint32_t now = timer_read(CLOCK);
    if (now < clock_low) {
        ++clock_high;
    }
    clock_low = now;
    return (uint64_t)clock_high << 32 | now;
}

void mcu_clock_catch_up(void) {
    // One wrap of the clock (71.6 minutes) is 2^27 ticks of the coarse timer.
    // How far the two are apart, rounded to wraps, is what was missed. Good for
    // one sleep of up to 38 hours, the coarse timer's own wrap.
    uint32_t expected = (uint32_t)(mcu_clock_us() >> 5);
    clock_high += (timer_read(COARSE) - expected + (1u << 26)) >> 27;
}

void mcu_alarm_set(uint64_t delay_us) {
    mcu_alarm_clear();
    TIMER_CLEAR(ALARM) = 1;
    // A compare value of 0 would be met only after a whole turn on silicon.
    TIMER_CC0(ALARM) = delay_us == 0 ? 1 : delay_us > ALARM_MAX_US ? ALARM_MAX_US : (uint32_t)delay_us;
    TIMER_START(ALARM) = 1;
}

void mcu_alarm_clear(void) {
    TIMER_STOP(ALARM) = 1;
    TIMER_COMPARE0(ALARM) = 0;
}

void TIMER1_IRQHandler(void) {
    mcu_alarm_clear();
    deadline_isr();
}

void mcu_ticks_start(void) {
    timer_set_up(ALARM, PRESCALER_16MHZ);
    TIMER_START(ALARM) = 1;
}

uint32_t mcu_ticks(void) {
    return timer_read(ALARM);
}

void mcu_ticks_stop(void) {
    timer_set_up(ALARM, PRESCALER_1US);
}
