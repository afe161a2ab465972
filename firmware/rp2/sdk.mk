# How CMake is called for programs of the pico-sdk: MicroPython's port, and our guests.

# The SDK looks for arm-none-eabi-gcc below a folder. Its `picotool` is not needed: it
# would be fetched from the network, to write UF2 files, which the lab does itself. The
# firmware is C alone, and the pinned compiler has no C++ that CMake could try out.
SDK_ARGUMENTS = -G "Unix Makefiles" -DCMAKE_CXX_COMPILER_FORCED=1 -DPICO_NO_PICOTOOL=1 \
	-DPICO_TOOLCHAIN_PATH=$(abspath $(dir $(CROSS_COMPILE))..) \
	-DREPLAB_TINYUSB=$(TINYUSB) -DREPLAB_TOOLCHAIN_ROOT=$(TOOLCHAIN_ROOT) \
	-DREPLAB_COMPILER=$(CROSS_COMPILE)gcc
