# What programs of the pico-sdk need here, whichever they are. Included before `project()`.

if(NOT REPLAB_TINYUSB)
    message(FATAL_ERROR "REPLAB_TINYUSB must name the folder of TinyUSB")
endif()
# Debian's package of the SDK has no third-party trees; TinyUSB is a package of its own.
set(PICO_TINYUSB_PATH ${REPLAB_TINYUSB})

# Where packages were unpacked, and not installed, the compiler does not find newlib by itself.
if(REPLAB_TOOLCHAIN_ROOT)
    set(REPLAB_NEWLIB ${REPLAB_TOOLCHAIN_ROOT}/usr/include/newlib)
    add_compile_options("SHELL:-idirafter ${REPLAB_NEWLIB}")
    add_link_options(-B${REPLAB_TOOLCHAIN_ROOT}/usr/lib/arm-none-eabi/newlib/)
else()
    set(REPLAB_NEWLIB /usr/include/newlib)
endif()

# Debug information names neither this computer's folders nor those of the build.
# GCC 12 does not tell the assembler, so that is told by itself.
macro(replab_map folder name)
    add_compile_options("-ffile-prefix-map=${folder}=${name}"
        "$<$<COMPILE_LANGUAGE:ASM>:-Wa,--debug-prefix-map=${folder}=${name}>")
endmacro()

# The compiler's headers are named as it was called, or with links resolved.
execute_process(COMMAND ${REPLAB_COMPILER} -print-file-name=include
    OUTPUT_VARIABLE headers OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
get_filename_component(real_headers "${headers}" REALPATH)
replab_map("${headers}" /gcc)
replab_map("${real_headers}" /gcc)
replab_map("${REPLAB_NEWLIB}" /newlib)
replab_map("${PICO_TINYUSB_PATH}" /tinyusb)
replab_map("${PICO_SDK_PATH}" /pico-sdk)
replab_map("${CMAKE_BINARY_DIR}" /build)

# The programs have no C++ (see sdk.mk), so what the SDK has of it is left out. Linking by
# g++ would bring newlib's functions of <math.h> along.
function(replab_without_cxx target)
    set_property(TARGET pico_cxx_options PROPERTY INTERFACE_SOURCES "")
    target_link_libraries(${target} m)
endfunction()
