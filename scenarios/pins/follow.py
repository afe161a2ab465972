"""The LED shows what a sensor says, at once, whatever else runs."""
from machine import Pin

sensor = Pin(3, Pin.IN, Pin.PULL_DOWN)
led = Pin("LED", Pin.OUT, value=0)


def follow(sensor):
    led.value(sensor.value())


sensor.irq(follow, Pin.IRQ_FALLING | Pin.IRQ_RISING, hard=True)
