import time
from machine import Pin


def count(milliseconds):
    """How often the button is pressed in so many milliseconds."""
    button = Pin("BUTTON", Pin.IN, Pin.PULL_UP)
    presses = 0
    was_down = False
    end = time.ticks_add(time.ticks_ms(), milliseconds)
    while time.ticks_diff(end, time.ticks_ms()) > 0:
        is_down = not button.value()
        if is_down != was_down:
            was_down = is_down
            presses += is_down
            time.sleep_ms(20)  # The contact bounces; look again when it is quiet.
        time.sleep_ms(1)
    return presses
