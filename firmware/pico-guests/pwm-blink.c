// Blinks the LED by PWM: once it is set up, the processor has no part in it.

#include <stdio.h>

#include "hardware/gpio.h"
#include "hardware/pwm.h"
#include "pico/stdlib.h"

// 125 MHz / 250 / 62500 = 8 Hz, all whole numbers: a period of 125 ms exactly.
#define DIVIDER 250
#define COUNTS 62500

static void set_duty(unsigned percent) {
    pwm_set_gpio_level(PICO_DEFAULT_LED_PIN, COUNTS / 100 * percent);
    printf("duty %u %%\n", percent);
}

int main(void) {
    stdio_init_all();
    gpio_set_function(PICO_DEFAULT_LED_PIN, GPIO_FUNC_PWM);
    unsigned slice = pwm_gpio_to_slice_num(PICO_DEFAULT_LED_PIN);
    pwm_set_clkdiv_int_frac(slice, DIVIDER, 0);
    pwm_set_wrap(slice, COUNTS - 1);
    printf("pwm-blink: LED on GPIO %d at %.1f Hz\n", PICO_DEFAULT_LED_PIN,
           125e6 / DIVIDER / COUNTS);
    set_duty(25);
    pwm_set_enabled(slice, true);
    for (;;) {
        int typed = getchar();
        if (typed >= '0' && typed <= '9') {
            set_duty(10 * (typed - '0'));
        }
    }
}
