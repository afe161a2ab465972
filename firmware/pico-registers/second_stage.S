@ The first 256 bytes of the flash: the boot ROM checks and runs them (RP2040
@ data sheet §2.8.1.3). The flash can be read in place as the ROM leaves it, in
@ standard mode and slowly; so there is nothing to do but to start the program.
    .file   "second_stage.S"        @ or the linker takes the name of a temporary file
    .syntax unified
    .cpu    cortex-m0plus
    .thumb

    .section .second_stage, "ax"
    ldr  r0, =vectors
    ldr  r1, =0xe000ed08            @ VTOR, Armv6-M ARM §B3.2.5
    str  r0, [r1]
    ldmia r0, {r0, r1}
    mov  sp, r0
    bx   r1
    .ltorg
    .org 252
    .word 0xe0b8afc2                @ CRC-32 of the 252 bytes before, §2.8.1.3.1
