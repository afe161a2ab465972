import time
from machine import PWM, Pin


def fade():
    """From dark to bright, a quarter each 50 ms."""
    led = PWM(Pin("LED"), freq=1000, duty_u16=0)
    for percent in (25, 50, 75):
        led.duty_u16(65535 * percent // 100)
        print(percent, "%")
        time.sleep_ms(50)
    led.deinit()
