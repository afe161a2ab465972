//! What MicroPython keeps over each kind of reset, on QEMU: the cells of
//! docs/resets.md where the firmware decides.

mod support;

use std::time::Duration;

use expect_test::{Expect, expect};
use replab_machine::{Memory, StopCause};
use replab_record::{MachineTime, PinName, Record};
use support::bench::Bench;
use support::python::{PROMPT, arrivals, ask, at_prompt, cut_power, pull_reset_line};

/// In the part of the stack that nothing of these tests reaches.
const RAM: u32 = 0x2004_0010;

/// What is done before each reset.
const PREPARE: [&str; 4] = [
    "import machine, time; kept = 1",
    "file = open('kept.txt', 'w'); file.write('flash'); file.close()",
    "led = machine.Pin(25, machine.Pin.OUT, value=1)",
    "machine.RTC().datetime((2030, 1, 1, 0, 0, 0, 0, 0)); time.sleep(3)",
];

fn prepared() -> Result<Bench, String> {
    let mut bench = at_prompt()?;
    PREPARE.iter().for_each(|line| drop(ask(&mut bench, line)));
    memory(&mut bench).write(RAM, b"kept").expect("RAM can be written");
    Ok(bench)
}

fn memory(bench: &mut Bench) -> &mut dyn Memory {
    bench.machine.memory.as_mut().expect("QEMU has memory").as_mut()
}

/// Waits for the prompt after `reset`, and shows what is left of what was there.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
fn check(reset: impl Fn(&mut Bench), expected: Expect) {
    let mut bench = or_skip!(prepared());
    let start = bench.now();
    reset(&mut bench);
    bench.until(PROMPT);
    let ram = memory(&mut bench).read(RAM, 4).expect("RAM can be read");
    let mut record = Record::default();
    record.extend(bench.events.iter().cloned());
    let edges = record.wave(&led(), start, bench.now()).edges;
    let edges: Vec<String> = edges.iter().map(|edge| edge.level.to_string()).collect();
    let mut shown = format!("RAM     {}\nLED     [{}]\n", ram.escape_ascii(), edges.join(", "));
    for (what, question) in [
        ("names  ", "'kept' in globals()"),
        ("flash  ", "open('kept.txt').read()"),
        ("date   ", "import time; time.localtime()[0]"),
        ("ticks  ", "time.ticks_ms() >= 3000"),
        ("cause  ", "import machine; machine.reset_cause()"),
        ("LED pad", "machine.Pin(25).value()"),
    ] {
        shown += &format!("{what} {}\n", ask(&mut bench, question));
    }
    expected.assert_eq(&shown);
}

fn led() -> PinName {
    PinName::new("P25")
}

/// Types Ctrl-D.
fn soft_reset(bench: &mut Bench) {
    type_bytes(bench, b"\x04");
    bench.until("MPY: soft reboot");
}

fn type_bytes(bench: &mut Bench, bytes: &[u8]) {
    bench.machine.run.send(&bench.port, bytes, MachineTime::ZERO).expect("the port is there");
}

/// `machine.reset()`, carried out as the lab does it.
fn own_reset(bench: &mut Bench) {
    bench.type_line("machine.reset()");
    assert_eq!(bench.go(Duration::from_secs(1), &[]).cause, StopCause::Reset);
    pull_reset_line(bench);
}

#[test]
fn a_soft_reset_keeps_all_but_pythons_names() {
    check(
        soft_reset,
        expect![[r#"
        RAM     kept
        LED     []
        names   False
        flash   'flash'
        date    2030
        ticks   True
        cause   1
        LED pad 1
    "#]],
    );
}

#[test]
fn a_hard_reset_keeps_the_flash() {
    check(
        pull_reset_line,
        expect![[r#"
        RAM     kept
        LED     [unknown]
        names   False
        flash   'flash'
        date    2021
        ticks   False
        cause   1
        LED pad 0
    "#]],
    );
}

#[test]
fn a_reset_by_the_firmware_is_a_hard_one_that_it_remembers() {
    check(
        own_reset,
        expect![[r#"
        RAM     kept
        LED     [unknown]
        names   False
        flash   'flash'
        date    2021
        ticks   False
        cause   3
        LED pad 0
    "#]],
    );
}

#[test]
fn a_power_cut_keeps_the_flash_and_nothing_else() {
    check(
        cut_power,
        expect![[r#"
        RAM     \xa5\xa5\xa5\xa5
        LED     [unknown]
        names   False
        flash   'flash'
        date    2021
        ticks   False
        cause   1
        LED pad 0
    "#]],
    );
}

#[test]
fn what_is_typed_behind_ctrl_d_is_for_the_new_python() {
    let mut bench = or_skip!(prepared());
    type_bytes(&mut bench, b"\x046 * 7\r");
    bench.until("MPY: soft reboot");
    bench.until("42\r\n>>> ");
}

#[test]
fn what_is_on_its_way_at_a_hard_reset_is_lost() {
    for reset in [pull_reset_line, cut_power] {
        let mut bench = or_skip!(prepared());
        let before = bench.events.len();
        bench.type_line("6 * 7");
        reset(&mut bench);
        bench.until(PROMPT);
        bench.go(Duration::from_millis(100), &[]);
        assert_eq!(arrivals(&bench.events[before..]), []);
    }
}

#[test]
fn a_file_that_is_not_closed_is_not_in_the_flash() {
    let mut bench = or_skip!(at_prompt());
    ask(&mut bench, "file = open('open.txt', 'w'); file.write('never flushed')");
    pull_reset_line(&mut bench);
    bench.until(PROMPT);
    assert_eq!(ask(&mut bench, "open('open.txt').read()"), "''");
}

#[test]
fn the_board_has_no_watchdog() {
    let mut bench = or_skip!(at_prompt());
    assert_eq!(ask(&mut bench, "import machine; hasattr(machine, 'WDT')"), "False");
}
