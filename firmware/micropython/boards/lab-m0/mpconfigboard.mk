# lab-m0: QEMU's microbit machine with memories as large as a Pico's.
MCU = nrf51
CFLAGS_MCU = -mcpu=cortex-m0
AFLAGS_MCU = -mcpu=cortex-m0
GCHELPER = gchelper_thumb1.s
