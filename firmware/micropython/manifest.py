# Modules that are part of the firmware. micropython-lib is not in Debian's
# source archive, so nothing here may use require().
freeze("$(PORT_DIR)/modules")
include("$(MPY_DIR)/extmod/asyncio")
