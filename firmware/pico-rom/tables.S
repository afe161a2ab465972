@ The tables of arithmetic (RP2040 data sheet section 2.8.3.2.1 and .2): the same 32 entries for
@ float and double. What a byte two places before the first says of the other's length is what the
@ pico-sdk looks at (bootrom/sf_table.h).
    .syntax unified
    .cpu    cortex-m0plus
    .thumb

    .macro missing table, entry         @ tells who called, and what
    .thumb_func
missing_\table\()_\entry:
    movs r1, #\entry
    b    missing_\table
    .endm

    .text
    .irp entry, 4, 5, 15, 16, 17, 18, 19, 20, 22
    missing 1, \entry
    missing 2, \entry
    .endr
missing_1:
    movs r0, #1
    b    1f
missing_2:
    movs r0, #2
1:  mov  r2, lr
    ldr  r3, =no_function
    bx   r3
    .pool

    .balign 4
    .byte 0, 0, 32, 0
    .global soft_float
soft_float:
    .word rom_fadd, rom_fsub, rom_fmul, rom_fdiv
    .word missing_1_4, missing_1_5             @ comparisons for the ROM itself
    .word rom_fsqrt
    .word rom_f2i, rom_f2fix, rom_f2u, rom_f2ufix
    .word rom_i2f, rom_fix2f, rom_u2f, rom_ufix2f
    .word missing_1_15, missing_1_16, missing_1_17, missing_1_18    @ cos, sin, tan, both
    .word missing_1_19, missing_1_20           @ exp, ln
    .word rom_fcmp
    .word missing_1_22                         @ atan2
    .word rom_l2f, rom_fixl2f, rom_ul2f, rom_ufixl2f
    .word rom_f2l, rom_f2fixl, rom_f2ul, rom_f2ufixl
    .word rom_f2d

    .byte 0, 0, 32, 0
    .global soft_double
soft_double:
    .word rom_dadd, rom_dsub, rom_dmul, rom_ddiv
    .word missing_2_4, missing_2_5
    .word rom_dsqrt
    .word rom_d2i, rom_d2fix, rom_d2u, rom_d2ufix
    .word rom_i2d, rom_fix2d, rom_u2d, rom_ufix2d
    .word missing_2_15, missing_2_16, missing_2_17, missing_2_18
    .word missing_2_19, missing_2_20
    .word rom_dcmp
    .word missing_2_22
    .word rom_l2d, rom_fixl2d, rom_ul2d, rom_ufixl2d
    .word rom_d2l, rom_d2fixl, rom_d2ul, rom_d2ufixl
    .word rom_d2f
