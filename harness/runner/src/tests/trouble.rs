//! What the firmware was doing when a run failed.

use expect_test::{Expect as Expected, expect};
use replab_machine::{Fault, RomEnd};
use replab_record::Registers;

use super::*;

/// A program counter in the flash of the board, and the code before it.
const PC: u32 = 0x100;
const WFI: [u8; 2] = [0x30, 0xbf];

fn registers() -> Registers {
    let mut registers = Registers::default();
    (registers.r[13], registers.r[15], registers.xpsr) = (0x2000_0ff0, PC, 1 << 24);
    registers
}

fn fault() -> Fault {
    Fault { exception: 3, registers: registers(), is_stacked: true }
}

/// Plays `steps`, which fail, and shows the claim and the diagnosis.
#[track_caller]
fn check(steps: Vec<Step>, script: &Scripted, expected: &Expected) {
    let outcome = run(&scenario(steps), script);
    let Verdict::Failed(failure) = outcome.verdict else { panic!("{:?}", outcome.verdict) };
    let got = claimed(&failure.claim);
    let told = failure.diagnosis.map_or("no diagnosis".to_string(), |diagnosis| {
        format!("{}: {}\n", diagnosis.trouble.word(), diagnosis.sentence)
    });
    expected.assert_eq(&format!("{got}{told}"));
}

#[test]
fn a_fault_whose_handler_faults_says_so() {
    let board =
        repl_board().on("f()\r", after(1).faults(fault()).after(ms(1)).locks_up(registers()));
    check(
        vec![boot(), repl(">>> f()")],
        &board,
        &expect![[r#"
            crash
            expected: no crash
            got:      HardFault: the instruction at 0x00000100: for a reason that is not known; its fault handler faulted too, and the processor locked up
            fault: HardFault: the instruction at 0x00000100: for a reason that is not known; its fault handler faulted too, and the processor locked up
        "#]],
    );
}

#[test]
fn a_lockup_without_a_handler_is_one_too() {
    let board = repl_board().on("f()\r", after(1).locks_up(registers()));
    check(
        vec![boot(), repl(">>> f()")],
        &board,
        &expect![[r#"
            crash
            expected: no crash
            got:      lockup in HardFault: the instruction at 0x00000100: for a reason that is not known
            lockup: lockup in HardFault: the instruction at 0x00000100: for a reason that is not known
        "#]],
    );
}

#[test]
fn firmware_that_is_busy_hangs() {
    let board = repl_board().on("f()\r", prints("hm")).with_registers(registers());
    check(
        vec![boot(), repl(">>> f()\n1")],
        &board,
        &expect![[r#"
        output
        expected: prompt ">>> " after "f()" on uart0 within 2s
        got:      "hm"
        hang: the processor is busy in 0x00000100, 16 of 16 looks within 592us
    "#]],
    );
}

#[test]
fn firmware_that_waits_for_an_interrupt_sleeps() {
    let board = repl_board()
        .on("f()\r", prints("hm"))
        .with_registers(registers())
        .with_memory(PC - 2, &WFI);
    check(
        vec![boot(), repl(">>> f()\n1")],
        &board,
        &expect![[r#"
        output
        expected: prompt ">>> " after "f()" on uart0 within 2s
        got:      "hm"
        asleep: the processor sleeps in 0x00000100 and waits for an interrupt
    "#]],
    );
}

#[test]
fn firmware_at_its_prompt_does_nothing_wrong() {
    let board = repl_board().with_registers(registers());
    check(
        vec![boot(), expect_text("never said")],
        &board,
        &expect![[r#"
        output
        expected: "never said" on uart0 within 2s
        got:      nothing after 0.011 s
        no diagnosis"#]],
    );
}

#[test]
fn firmware_that_never_prints_is_mute() {
    let board = Scripted::new(&board()).with_registers(registers());
    check(
        vec![boot()],
        &board,
        &expect![[r#"
        output
        expected: prompt ">>> " on uart0 within 2s
        got:      nothing at all
        mute: the firmware has sent nothing since power-on; the processor is busy in 0x00000100, 16 of 16 looks within 592us
    "#]],
    );
}

#[test]
fn slow_resets_explain_why_there_is_no_prompt() {
    let board = Scripted::new(&board()).at_start(after(900).prints("hi\r\n").resets());
    check(
        vec![within(5000, boot())],
        &board,
        &expect![[r#"
            output
            expected: prompt ">>> " on uart0 within 5s
            got:      nothing at all
            reboot-loop: the firmware has started again 5 times without a prompt; the processor is busy in 0x00000000, 16 of 16 looks within 592us
        "#]],
    );
}

#[test]
fn output_without_end_is_a_flood() {
    let board =
        Scripted::new(&board()).at_start(prints(&"0123456789abcde\n".repeat((1 << 16) + 1)));
    check(
        vec![wait(1_000_000)],
        &board,
        &expect![[r#"
            crash
            expected: no crash
            got:      flood: 1048592 bytes on uart0 since power-on, more than the 1048576 that a run keeps
            flood: flood: 1048592 bytes on uart0 since power-on, more than the 1048576 that a run keeps
        "#]],
    );
}

#[test]
fn edges_without_end_are_a_flood() {
    let board = Scripted::new(&board()).at_start(Deeds::default().blinks(
        "LED",
        ms(0),
        ms(0),
        (1 << 19) + 1,
    ));
    check(
        vec![wait(1000)],
        &board,
        &expect![[r#"
            crash
            expected: no crash
            got:      flood: 1048578 bytes and edges since power-on, more than the 1048576 that a run keeps
            flood: flood: 1048578 bytes and edges since power-on, more than the 1048576 that a run keeps
        "#]],
    );
}

#[test]
fn firmware_that_only_speaks_usb_is_no_mute_one() {
    let board = Scripted::new(&board()).with_registers(registers()).speaks_usb_only();
    check(
        vec![boot()],
        &board,
        &expect![[r#"
        output
        expected: prompt ">>> " on uart0 within 2s
        got:      nothing at all
        usb-only: the firmware drives USB and never its UART, so nothing can come on uart0; the processor is busy in 0x00000100, 16 of 16 looks within 592us
    "#]],
    );
}

#[test]
fn firmware_that_speaks_is_heard_whatever_it_does_by_usb() {
    let board = Scripted::new(&board())
        .at_start(prints("hello\r\n"))
        .with_registers(registers())
        .speaks_usb_only();
    check(
        vec![boot()],
        &board,
        &expect![[r#"
        output
        expected: prompt ">>> " on uart0 within 2s
        got:      "hello\n"
        hang: the processor is busy in 0x00000100, 16 of 16 looks within 592us
    "#]],
    );
}

#[test]
fn each_end_in_the_boot_rom_has_its_sentence() {
    for (end, expected) in [
        (
            RomEnd::UsbBoot,
            expect![[r#"
            crash
            expected: no crash
            got:      the firmware asks for its chip's boot loader, which waits on USB for another program
            boot-rom: the firmware asks for its chip's boot loader, which waits on USB for another program
        "#]],
        ),
        (
            RomEnd::Blank,
            expect![[r#"
            crash
            expected: no crash
            got:      the flash is blank where the boot ROM looks for a program: its first word is 0xffffffff
            boot-rom: the flash is blank where the boot ROM looks for a program: its first word is 0xffffffff
        "#]],
        ),
        (
            RomEnd::Fault,
            expect![[r#"
            crash
            expected: no crash
            got:      a fault, before the firmware had a vector table of its own
            boot-rom: a fault, before the firmware had a vector table of its own
        "#]],
        ),
    ] {
        let board = repl_board().on("f()\r", after(1).ends_in_rom(end));
        check(vec![boot(), repl(">>> f()")], &board, &expected);
    }
}
