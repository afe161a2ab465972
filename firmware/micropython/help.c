// SPDX-License-Identifier: MIT

#include "py/builtin.h"

// What help() prints.
const char replab_help_text[] =
    "Welcome to MicroPython!\n"
    "\n"
    "This is an emulated board. Its hardware is in the 'machine' module:\n"
    "  machine.Pin(pin) -- get a pin, eg machine.Pin(25) or machine.Pin('LED')\n"
    "  machine.Pin(pin, mode, [pull]) -- get a pin and set it up\n"
    "    methods: init(..), value([v]), on(), off(), toggle()\n"
    "    modes: Pin.IN, Pin.OUT, Pin.OPEN_DRAIN; pulls: Pin.PULL_UP, Pin.PULL_DOWN\n"
    "  machine.Timer(freq=.., callback=..) -- call a function again and again\n"
    "  machine.SoftI2C(scl, sda), machine.SoftSPI(..), machine.RTC()\n"
    "\n"
    "Pins are numbered 0-31. There are an LED on pin 25, with the name 'LED',\n"
    "and a button on pin 14, with the name 'BUTTON'.\n"
    "\n"
    "Useful control commands:\n"
    "  CTRL-C -- interrupt a running program\n"
    "  CTRL-D -- on a blank line, do a soft reset of the board\n"
    "  CTRL-E -- on a blank line, enter paste mode\n"
    "\n"
    "For further help on a specific object, type help(obj)\n"
    "For a list of available modules, type help('modules')\n"
;
