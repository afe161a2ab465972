import time
from machine import Pin


def run(rounds):
    """The two lights shine in turns, each for 100 ms."""
    first = Pin("LED", Pin.OUT, value=0)
    second = Pin(3, Pin.OUT, value=0)
    print("go")
    for _ in range(rounds):
        first.on()
        second.off()
        time.sleep_ms(100)
        first.off()
        second.on()
        time.sleep_ms(100)
    second.off()
