"""As ../counter.py, but takes each time that the contact closes for a press."""
from machine import Pin


class Counter:
    def __init__(self, button, hard):
        self.presses = 0
        button.irq(self.edge, Pin.IRQ_FALLING | Pin.IRQ_RISING, hard=hard)

    def edge(self, button):
        if not button.value():
            self.presses += 1
