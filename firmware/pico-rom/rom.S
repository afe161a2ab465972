@ A boot ROM for the emulated RP2040. See README.md; sections are those of the RP2040 data sheet.
    .syntax unified
    .cpu    cortex-m0plus
    .thumb

@ Registers of the emulated chip (README.md).
    .equ CHIP, 0x4fff0000
    .equ CALL, 0x00
    .equ ARG0, 0x04
    .equ ARG1, 0x08
    .equ ARG2, 0x0c
    .equ CALL_ERASE, 1
    .equ CALL_PROGRAM, 2
    .equ CALL_USB_BOOT, 3
    .equ CALL_NO_PROGRAM, 4
    .equ CALL_NO_FUNCTION, 5
    .equ CALL_FAULT, 6

    .equ FLASH, 0x10000000          @ XIP_BASE, section 2.2
    .equ SECOND_STAGE, 0x20041f00   @ where boot2 runs: the last 256 bytes of SRAM5 (section 2.8.1.3.1)
    .equ SECOND_STAGE_WORDS, 64
    .equ CORE1_STACK, 0x20041f00    @ of the wait loop, which calls nothing

    .equ SELECT_CONTROL, 0x4001800c @ GPIO_QSPI_SS_CTRL, section 2.19.6.2

    .equ SIO, 0xd0000000            @ section 2.3.1.7
    .equ CPUID, 0x00
    .equ FIFO_ST, 0x50
    .equ FIFO_WR, 0x54
    .equ FIFO_RD, 0x58
    .equ FIFO_ST_VLD, 1
    .equ VTOR, 0xe000ed08           @ Armv6-M ARM section B3.2.5

    .section .header, "ax"
    .word CORE1_STACK
    .word start + 1
    .word fault + 1                 @ NMI
    .word fault + 1                 @ HardFault
    .org 0x10
    .byte 'M', 'u', 1               @ section 2.8.3
    .byte 3                         @ version: RP2040 B2
    .hword functions
    .hword data
    .hword lookup + 1

    .text
    .macro entry first, second, function
    .byte \first, \second
    .hword \function + 1
    .endm

    .balign 4
functions:                          @ section 2.8.3.1
    entry 'P', '3', popcount32
    entry 'R', '3', reverse32
    entry 'L', '3', clz32
    entry 'T', '3', ctz32
    entry 'M', 'S', rom_memset
    entry 'S', '4', rom_memset
    entry 'M', 'C', rom_memcpy
    entry 'C', '4', rom_memcpy
#ifdef BY_COMMANDS
    entry 'I', 'F', connect
    entry 'E', 'X', leave_reading
    entry 'R', 'E', erase_by_commands
    entry 'R', 'P', program_by_commands
    entry 'F', 'C', flush
    entry 'C', 'X', read_in_place
#else
    entry 'I', 'F', nothing
    entry 'E', 'X', nothing
    entry 'R', 'E', erase
    entry 'R', 'P', program
    entry 'F', 'C', flush
    entry 'C', 'X', nothing
#endif
    entry 'U', 'B', usb_boot
    .hword 0

    .macro datum first, second, address
    .byte \first, \second
    .hword \address
    .endm

    .balign 4
data:                               @ section 2.8.3.2
    datum 'C', 'R', copyright
    datum 'G', 'R', revision
    datum 'S', 'F', soft_float
    datum 'S', 'D', soft_double
    .hword 0

    .balign 4
revision:
    .word 0
copyright:
    .asciz "replab"

@ ---- start ----

    .balign 4
    .thumb_func
    .global start
start:
    ldr  r4, =SIO
    ldr  r0, [r4, #CPUID]
    cmp  r0, #0
    bne  wait_for_core0

#ifdef BY_COMMANDS
    bl   fetch_second_stage
    movs r0, #0                     @ LR: see below
    mov  lr, r0
    ldr  r4, =SECOND_STAGE + 1
    bx   r4
#else
    @ Core 0: the second stage is copied and entered with LR = 0, which tells it to go on
    @ to the vector table behind it.
    ldr  r0, =FLASH
    ldr  r1, [r0]
    adds r2, r1, #1
    beq  blank
    ldr  r1, =SECOND_STAGE
    adds r4, r1, #1
    movs r2, #SECOND_STAGE_WORDS
1:  ldmia r0!, {r3}
    stmia r1!, {r3}
    subs r2, #1
    bne  1b
    mov  lr, r2
    bx   r4

blank:
    movs r0, #CALL_NO_PROGRAM
    b    tell_and_sleep
#endif

@ Core 1 (section 2.8.2): empties its mailbox and says so with a 0, for which a core 0 that has
@ reset it waits. Then it reads words, echoes each, and starts when the last six were 0, 0, 1,
@ vector table, stack pointer, entry. A word out of turn begins anew.
wait_for_core0:
    ldr  r0, [r4, #FIFO_ST]
    movs r1, #FIFO_ST_VLD
    tst  r0, r1
    beq  1f
    ldr  r0, [r4, #FIFO_RD]
    b    wait_for_core0
1:  movs r5, #0                     @ how many of the six have come
    str  r5, [r4, #FIFO_WR]
    sev
next_word:
    ldr  r0, [r4, #FIFO_ST]
    movs r1, #FIFO_ST_VLD
    tst  r0, r1
    bne  1f
    wfe
    b    next_word
1:  ldr  r0, [r4, #FIFO_RD]
    cmp  r5, #2
    bhi  take                       @ 3 to 5: any word
    beq  2f
    cmp  r0, #0                     @ 0 and 1: must be 0
    beq  take
    b    anew
2:  cmp  r0, #1                     @ 2: must be 1
    beq  take
    cmp  r0, #0                     @ a third 0: still two zeros behind us
    beq  echo
anew:
    movs r5, #0
    b    echo
take:
    cmp  r5, #3
    bne  1f
    mov  r8, r0                     @ vector table
1:  cmp  r5, #4
    bne  1f
    mov  r9, r0                     @ stack pointer
1:  cmp  r5, #5
    bne  1f
    mov  r10, r0                    @ entry
1:  adds r5, #1
echo:
    str  r0, [r4, #FIFO_WR]
    sev
    cmp  r5, #6
    bne  next_word
    ldr  r1, =VTOR
    mov  r0, r8
    str  r0, [r1]
    msr  msp, r9
    blx  r10
    ldr  r4, =SIO                   @ the entry returned: wait for another
    b    wait_for_core0

    .thumb_func
fault:
    ldr  r0, =SIO
    ldr  r1, [r0, #CPUID]
    ldr  r3, =CHIP
    str  r1, [r3, #ARG0]
    movs r0, #CALL_FAULT
    b    tell

@ r0: value of CALL, r1: its first argument.
tell_and_sleep:
    ldr  r3, =CHIP
    str  r1, [r3, #ARG0]
tell:
    str  r0, [r3, #CALL]
sleep:
    wfi
    b    sleep

@ Called in place of an entry of the tables of arithmetic that this ROM does not have.
@ r0: table, r1: entry, r2: where it was called from.
    .thumb_func
    .global no_function
no_function:
    ldr  r3, =CHIP
    str  r2, [r3, #ARG0]
    str  r0, [r3, #ARG1]
    str  r1, [r3, #ARG2]
    movs r0, #CALL_NO_FUNCTION
    b    tell

@ ---- functions of the table ----

    .thumb_func
lookup:                             @ r0: table, r1: code; the address, or 0 (section 2.8.3)
    ldrh r2, [r0]
    cmp  r2, #0
    beq  1f
    cmp  r2, r1
    beq  2f
    adds r0, #4
    b    lookup
1:  movs r0, #0
    bx   lr
2:  ldrh r0, [r0, #2]
    bx   lr

    .thumb_func
nothing:
    bx   lr

#ifndef BY_COMMANDS
    .thumb_func
erase:                              @ r0: offset, r1: bytes; block size and command do not matter here
    ldr  r3, =CHIP
    str  r0, [r3, #ARG0]
    str  r1, [r3, #ARG1]
    movs r0, #CALL_ERASE
    str  r0, [r3, #CALL]
    bx   lr

    .thumb_func
program:                            @ r0: offset, r1: data, r2: bytes
    ldr  r3, =CHIP
    str  r0, [r3, #ARG0]
    str  r1, [r3, #ARG1]
    str  r2, [r3, #ARG2]
    movs r0, #CALL_PROGRAM
    str  r0, [r3, #CALL]
    bx   lr

    .thumb_func
flush:                              @ the flash chip's select is the interface's again
    ldr  r3, =SELECT_CONTROL
    movs r0, #0
    str  r0, [r3]
    bx   lr
#endif

    .thumb_func
usb_boot:                           @ r0: pins that show activity, r1: interfaces that are off
    ldr  r3, =CHIP
    str  r0, [r3, #ARG0]
    str  r1, [r3, #ARG1]
    movs r0, #CALL_USB_BOOT
    b    tell

    .thumb_func
popcount32:                         @ adds neighbours: 16 pairs of bits, 8 of pairs, 4 of nibbles; then bytes
    ldr  r1, =0x55555555
    lsrs r2, r0, #1
    ands r2, r1
    subs r0, r2
    ldr  r1, =0x33333333
    lsrs r2, r0, #2
    ands r0, r1
    ands r2, r1
    adds r0, r2
    ldr  r1, =0x0f0f0f0f
    lsrs r2, r0, #4
    adds r0, r2
    ands r0, r1
    ldr  r1, =0x01010101
    muls r0, r1
    lsrs r0, r0, #24
    bx   lr

    .macro exchange mask, places    @ of neighbours that are `places` bits wide
    ldr  r1, =\mask
    lsrs r2, r0, #\places
    ands r2, r1
    ands r0, r1
    lsls r0, r0, #\places
    orrs r0, r2
    .endm

    .thumb_func
reverse32:
    exchange 0x55555555, 1
    exchange 0x33333333, 2
    exchange 0x0f0f0f0f, 4
    rev  r0, r0
    bx   lr

    .thumb_func
clz32:                              @ halves the place each time; 32 for 0
    movs r1, #32
    lsrs r2, r0, #16
    beq  1f
    subs r1, #16
    movs r0, r2
1:  lsrs r2, r0, #8
    beq  1f
    subs r1, #8
    movs r0, r2
1:  lsrs r2, r0, #4
    beq  1f
    subs r1, #4
    movs r0, r2
1:  lsrs r2, r0, #2
    beq  1f
    subs r1, #2
    movs r0, r2
1:  lsrs r2, r0, #1
    beq  1f
    subs r1, #2
    movs r0, r1
    bx   lr
1:  subs r0, r1, r0
    bx   lr

    .thumb_func
ctz32:                              @ the lowest bit alone, whose leading zeros are 31 less its place; 32 for 0
    cmp  r0, #0
    beq  1f
    push {lr}
    rsbs r1, r0, #0
    ands r0, r1
    bl   clz32
    movs r1, #31
    subs r0, r1, r0
    pop  {pc}
1:  movs r0, #32
    bx   lr

    .thumb_func
    .global rom_memset
rom_memset:                         @ r0: to, r1: byte, r2: bytes; r0 is kept
    push {r0, lr}
    cmp  r2, #8
    blo  3f
    uxtb r1, r1
    lsls r3, r1, #8
    orrs r1, r3
    lsls r3, r1, #16
    orrs r1, r3
1:  lsls r3, r0, #30                @ up to a word's border
    beq  2f
    strb r1, [r0]
    adds r0, #1
    subs r2, #1
    b    1b
2:  subs r2, #4
    blo  4f
    stmia r0!, {r1}
    b    2b
4:  adds r2, #4
3:  cmp  r2, #0
    beq  5f
    strb r1, [r0]
    adds r0, #1
    subs r2, #1
    b    3b
5:  pop  {r0, pc}

    .thumb_func
    .global rom_memcpy
rom_memcpy:                         @ r0: to, r1: from, r2: bytes; r0 is kept
    push {r0, r4, lr}
    movs r3, r0
    orrs r3, r1
    lsls r3, r3, #30
    bne  2f                         @ one of them is off a word's border: byte by byte
1:  subs r2, #8
    blo  3f
    ldmia r1!, {r3, r4}
    stmia r0!, {r3, r4}
    b    1b
3:  adds r2, #8
2:  cmp  r2, #0
    beq  4f
    ldrb r3, [r1]
    strb r3, [r0]
    adds r0, #1
    adds r1, #1
    subs r2, #1
    b    2b
4:  pop  {r0, r4, pc}

    .pool
