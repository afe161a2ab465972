# What the port freezes, less the drivers of micropython-lib, which Debian's source
# package leaves out: onewire, ds18x20, dht, neopixel.
freeze("$(PORT_DIR)/modules")
include("$(MPY_DIR)/extmod/asyncio")
