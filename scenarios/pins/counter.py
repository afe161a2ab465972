"""Counts how often a button is pressed, by interrupts."""
from time import ticks_add, ticks_diff, ticks_ms

from machine import Pin

# A contact bounces for some milliseconds; nobody presses twice in this time.
QUIET_MS = 20


class Counter:
    def __init__(self, button, hard):
        self.presses = 0
        self.last = ticks_add(ticks_ms(), -QUIET_MS)
        button.irq(self.edge, Pin.IRQ_FALLING | Pin.IRQ_RISING, hard=hard)

    def edge(self, button):
        now = ticks_ms()
        if ticks_diff(now, self.last) >= QUIET_MS and not button.value():
            self.presses += 1
        self.last = now
