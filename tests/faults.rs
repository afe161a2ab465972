//! Faults of real firmware on a real emulator: what they were, where, and who called.

mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use expect_test::{Expect, expect};
use replab_machine::qemu::Proof;
use replab_machine::{Fault, StopCause};
use replab_memory::{FaultEntry, Image, call_chain, diagnose};
use replab_record::CodePlace;
use support::bench::Bench;

const LIMIT: Duration = Duration::from_secs(1);

/// Types `line` at the prompt and shows the fault that follows: its sentence, the
/// kind, the call chain.
#[track_caller]
fn check(firmware: &Path, prompt: &str, line: &str, expected: &Expect) -> Result<(), String> {
    let mut bench = Bench::start(&support::qemu_tools()?, firmware, Proof::default());
    bench.until(prompt);
    bench.type_line(line);
    let stop = bench.go(LIMIT, &[]);
    let StopCause::Fault(Fault { exception, registers, is_stacked }) = stop.cause else {
        panic!("{line}: {:?} after {:?}", stop.cause, bench.text())
    };
    let image = Image::read(&fs::read(firmware).expect("the firmware is there"))
        .expect("the firmware is an ELF file");
    let memory = bench.machine.memory.as_mut().expect("QEMU has memory");
    let mut read = |address: u32, length: usize| memory.read(address, length).ok();
    let fault = FaultEntry { exception, registers, is_stacked, status: None };
    let diagnosis = diagnose(&fault, &support::lab_m0(), Some(&image), &mut read);
    assert!(diagnosis.status.is_empty(), "Armv6-M has no status of faults");
    let chain = call_chain(&image, &registers, &mut read);
    expected.assert_eq(&format!(
        "{}\n{:x?}\n{}",
        diagnosis.sentence,
        diagnosis.kind,
        condensed(&chain)
    ));
    Ok(())
}

/// One line for each place; equal ones in a row are one line.
fn condensed(chain: &[CodePlace]) -> String {
    let line = |places: &[CodePlace]| match places.len() {
        1 => format!("{}\n", places[0]),
        times => format!("{} {times} times\n", places[0]),
    };
    chain.chunk_by(|one, other| one == other).map(line).collect()
}

fn bare_metal(line: &str, expected: &Expect) -> Result<(), String> {
    check(&support::bare_metal()?, "> ", line, expected)
}

#[test]
fn a_read_of_nowhere() {
    or_skip!(bare_metal(
        "fault read",
        &expect![[r#"
            HardFault: `read_nowhere` (wrong.c:10) read from 0x70000000, where the board has no memory
            BadAddress { address: 70000000, is_write: false }
            read_nowhere (wrong.c:10)
            execute (main.c:255)
            main (main.c:278)
        "#]]
    ));
}

#[test]
fn a_write_to_nowhere() {
    or_skip!(bare_metal(
        "fault write",
        &expect![[r#"
            HardFault: `write_nowhere` (wrong.c:12) wrote to 0x70000000, where the board has no memory
            BadAddress { address: 70000000, is_write: true }
            write_nowhere (wrong.c:12)
            execute (main.c:239)
            main (main.c:278)
        "#]]
    ));
}

#[test]
fn an_unaligned_read() {
    or_skip!(bare_metal(
        "fault unaligned",
        &expect![[r#"
            HardFault: `read_unaligned` (wrong.c:19): an unaligned 4-byte read at 0x20001215 (this core needs a multiple of 4)
            Unaligned { address: 20001215 }
            read_unaligned (wrong.c:19)
            execute (main.c:241)
            main (main.c:278)
        "#]]
    ));
}

#[test]
fn an_undefined_instruction() {
    or_skip!(bare_metal(
        "fault undefined",
        &expect![[r#"
            HardFault: `execute_undefined` (wrong.c:22) ran into 0xde2a, which is no instruction of this core
            UndefinedInstruction { opcode: de2a }
            execute_undefined (wrong.c:22)
            execute (main.c:243)
            main (main.c:278)
        "#]]
    ));
}

#[test]
fn a_stack_that_runs_over() {
    or_skip!(bare_metal(
        "fault stack",
        &expect![[r#"
            HardFault: the stack has run over in `recurse` (wrong.c:28): sp is 0x20000008, 4632 bytes below its end
            StackOverflow { sp: 20000008, low: 20001220 }
            recurse (wrong.c:28) 64 times
        "#]]
    ));
}

#[test]
fn a_call_of_a_null_pointer() {
    or_skip!(bare_metal(
        "fault jump",
        &expect![[r#"
            HardFault: jumped from `call_null_pointer` (wrong.c:35) to 0x00000000 (Thumb bit clear): a null function pointer?
            JumpToNowhere { target: 0 }
            call_null_pointer (wrong.c:35)
            execute (main.c:247)
            main (main.c:278)
        "#]]
    ));
}

#[test]
fn a_call_of_nowhere() {
    or_skip!(bare_metal(
        "fault nowhere",
        &expect![[r#"
            HardFault: jumped from `call_nowhere` (wrong.c:40) to 0x70000000, where the board has no memory
            JumpToNowhere { target: 70000000 }
            call_nowhere (wrong.c:40)
            execute (main.c:249)
            main (main.c:278)
        "#]]
    ));
}

#[test]
fn a_bad_address_in_python_is_found_below_the_interpreter() {
    let firmware = or_skip!(support::micropython());
    or_skip!(check(
        &firmware,
        ">>> ",
        "import machine; machine.mem32[0x70000000]",
        &expect![[r#"
            HardFault: `machine_mem_subscr` (machine_mem.c:81) read from 0x70000000, where the board has no memory
            BadAddress { address: 70000000, is_write: false }
            machine_mem_subscr (machine_mem.c:81)
            mp_obj_subscr (obj.c:545)
            mp_execute_bytecode (vm.c:446)
            fun_bc_call (objfun.c:295)
            mp_call_function_n_kw (runtime.c:726)
            mp_call_function_0 (runtime.c:700)
            parse_compile_execute (pyexec.c:119)
            pyexec_friendly_repl (pyexec.c:671)
            run_repl (main.c:40)
        "#]],
    ));
}

/// Types `line`, lets the firmware go on with it for a while, and shows where it is.
#[track_caller]
fn where_it_is(line: &str, expected: &Expect) -> Result<(), String> {
    let firmware = support::bare_metal()?;
    let mut bench = Bench::start(&support::qemu_tools()?, &firmware, Proof::default());
    bench.until("> ");
    bench.type_line(line);
    assert_eq!(bench.go(Duration::from_millis(10), &[]).cause, StopCause::Time);
    let processor = bench.machine.processor.as_mut().expect("QEMU has a processor");
    let registers = processor.registers().expect("it is stopped");
    let image = Image::read(&fs::read(&firmware).expect("the firmware is there"))
        .expect("the firmware is an ELF file");
    let memory = bench.machine.memory.as_mut().expect("QEMU has memory");
    let mut read = |address: u32, length: usize| memory.read(address, length).ok();
    expected.assert_eq(&condensed(&call_chain(&image, &registers, &mut read)));
    Ok(())
}

#[test]
fn a_hang_has_a_place() {
    or_skip!(where_it_is(
        "hang",
        &expect![[r#"
          hang_endlessly (wrong.c:53)
          execute (main.c:253)
          main (main.c:278)
    "#]]
    ));
}

#[test]
fn a_sleep_without_end_has_a_place() {
    or_skip!(where_it_is(
        "sleep forever",
        &expect![[r#"
          sleep_forever (wrong.c:61)
          execute (main.c:223)
          main (main.c:278)
    "#]]
    ));
}

/// Python that computes, sleeps, collects and prints is stopped at many times: each
/// chain reaches the first function, whatever is going on just then.
#[test]
fn a_chain_reaches_main_from_everywhere() {
    let firmware = or_skip!(support::micropython());
    let mut bench = Bench::start(&or_skip!(support::qemu_tools()), &firmware, Proof::default());
    let image = Image::read(&fs::read(&firmware).expect("the firmware is there"))
        .expect("the firmware is an ELF file");
    bench.until(">>> ");
    bench.type_line("import time, gc");
    bench.type_line("f = lambda n: [str(k / 3) + repr({k: 2 ** k}) for k in range(n)]");
    bench.type_line("while True: print(len(f(20))); time.sleep_us(300); gc.collect()\r");
    bench.until("20\r\n");
    let mut deepest = 0;
    for _ in 0..STOPS {
        bench.go(Duration::from_micros(97), &[]);
        let processor = bench.machine.processor.as_mut().expect("QEMU has a processor");
        let registers = processor.registers().expect("it is stopped");
        let memory = bench.machine.memory.as_mut().expect("QEMU has memory");
        let mut read = |address: u32, length: usize| memory.read(address, length).ok();
        let chain = call_chain(&image, &registers, &mut read);
        let last = chain.last().and_then(|place| image.function(place.address));
        assert_eq!(last, Some("main"), "{}{registers:x?}", condensed(&chain));
        deepest = deepest.max(chain.len());
    }
    assert!(deepest > 10, "{deepest}");
}

const STOPS: usize = 200;
