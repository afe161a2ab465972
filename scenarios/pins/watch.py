import time
from machine import Pin


def watch(pause):
    """How many presses it sees in 300 ms, if it looks each `pause` milliseconds."""
    button = Pin("BUTTON", Pin.IN, Pin.PULL_UP)
    presses = 0
    was_down = False
    print("go")
    for _ in range(300 // pause):
        is_down = not button.value()
        presses += is_down and not was_down
        was_down = is_down
        time.sleep_ms(pause)
    return presses
