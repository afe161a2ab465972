// Speaks by USB alone, as programs do that were built for a Pico on a cable: the lab has
// no USB, and says so.

#include <stdio.h>

#include "pico/stdlib.h"

int main(void) {
    stdio_init_all();
    for (;;) {
        printf("usb-only\n");
        sleep_ms(100);
    }
}
