# The board for MicroPython's build of `ports/rp2`. The source tree stays as it is:
# what the build must do otherwise is set here, and what it sets after this file was
# read is set right at the end of its configuration.

set(PICO_BOARD "pico")
set(PICO_PLATFORM "rp2040")
include(${CMAKE_CURRENT_LIST_DIR}/../../sdk.cmake)

# Debian's source package of MicroPython has no micropython-lib; a manifest may name no
# package of it. The build asks for a README.md in this folder, no more.
set(MICROPY_LIB_DIR ${MICROPY_DIR}/lib)
set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)

# The port's own configuration, then ours: it does not ask whether a macro is set.
list(APPEND MICROPY_DEF_BOARD "MP_CONFIGFILE=\"mpconfigport_replab.h\"")

# The search for names (qstr) calls the compiler by itself.
list(APPEND MICROPY_CPP_INC_EXTRA ${REPLAB_NEWLIB})

replab_map("${MICROPY_BOARD_DIR}" /board)
replab_map("${MICROPY_DIR}" /micropython)

function(replab_last_words)
    # No mbedtls in the source package: no TLS, no SHA-1, no AES (see mpconfigport_replab.h).
    set_property(TARGET micropy_lib_mbedtls PROPERTY INTERFACE_SOURCES "")
    get_target_property(sources firmware SOURCES)
    list(REMOVE_ITEM sources mbedtls/mbedtls_port.c)
    set_property(TARGET firmware PROPERTY SOURCES ${sources})

    # The compiler's arithmetic in place of the boot ROM's, with MicroPython's own
    # functions of <math.h> as before.
    set_property(TARGET pico_float_micropython PROPERTY INTERFACE_LINK_OPTIONS "")
    set_property(TARGET pico_float_micropython PROPERTY INTERFACE_SOURCES
        ${MICROPY_SOURCE_LIB_LIBM} ${MICROPY_SOURCE_LIB_LIBM_SQRT_SW})
    pico_set_double_implementation(firmware compiler)

    # The marks, which nobody in the firmware reads (marks.c).
    target_sources(firmware PRIVATE ${MICROPY_BOARD_DIR}/marks.c)
    target_link_options(firmware PRIVATE -Wl,--undefined=replab_marks)

    replab_without_cxx(firmware)
endfunction()
cmake_language(DEFER CALL replab_last_words)
