import time
from machine import Pin

# Wrong on purpose: the pull holds the pin at the level that a press gives it.
button = Pin(14, Pin.IN, Pin.PULL_DOWN)


def count(milliseconds):
    presses = 0
    pressed = False
    end = time.ticks_add(time.ticks_ms(), milliseconds)
    while time.ticks_diff(end, time.ticks_ms()) > 0:
        now = button.value() == 0
        if now and not pressed:
            presses += 1
        pressed = now
        time.sleep_ms(5)
    return presses
