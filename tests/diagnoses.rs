//! Firmware that goes wrong, as somebody sees it who plays a scenario: which
//! trouble it was, in which words, and where.

use std::fs;
use std::path::Path;
use std::process::Command;

use expect_test::{Expect, expect};
use serde_json::Value;

mod support;

/// Plays `steps` on `firmware` and shows verdict, trouble, sentence and the chain's functions.
fn played(firmware: &Path, head: &str, steps: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let text = format!("replab: 1\nname: trouble\n{head}steps:\n{steps}");
    fs::write(folder.path().join("trouble.yaml"), text).expect("the folder is ours");
    let output = Command::new(assert_cmd::cargo::cargo_bin("xtask"))
        .current_dir(support::root())
        // xtask finds its checkout by this; ours names another package.
        .env_remove("CARGO_MANIFEST_DIR")
        .args(["emulate", "--json", "--scenarios"])
        .arg(folder.path())
        .arg("--firmware")
        .arg(firmware)
        .output()
        .expect("xtask is built with the workspace");
    let stdout = String::from_utf8(output.stdout).expect("--json prints UTF-8");
    let mut events = stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let finished = events.find(|event| event["event"] == "run-finished");
    let finished =
        finished.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let diagnosis = &finished["failure"]["diagnosis"];
    let functions: Vec<&str> = diagnosis["chain"]
        .as_array()
        .map(|chain| chain.iter().filter_map(|place| place["function"].as_str()).collect())
        .unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    format!(
        "{} {}: {}\n{}\n",
        text(&finished["verdict"]),
        text(&diagnosis["trouble"]),
        text(&diagnosis["sentence"]),
        functions.join(" < ")
    )
}

/// Types `line` at the bare-metal guest, and waits in vain.
#[track_caller]
fn check(line: &str, expected: &Expect) {
    check_wait(line, "expect: done", expected);
}

/// The same with another step that waits.
#[track_caller]
fn check_wait(line: &str, wait: &str, expected: &Expect) {
    or_skip!(support::qemu_tools());
    let firmware = or_skip!(support::bare_metal());
    let steps =
        format!("  - expect: \"> \"\n  - send: \"{line}\\r\"\n  - {wait}\n    within: 500ms\n");
    expected.assert_eq(&played(&firmware, "", &steps));
}

/// Boots MicroPython with this `main.py`.
#[track_caller]
fn check_main(main: &str, within: &str, expected: &Expect) {
    check_main_wait(main, &format!("  - boot: repl\n    within: {within}\n"), expected);
}

/// The same with other steps that wait.
#[track_caller]
fn check_main_wait(main: &str, steps: &str, expected: &Expect) {
    or_skip!(support::qemu_tools());
    let firmware = or_skip!(support::micropython());
    let files = format!("files: {{ main.py: {main:?} }}\n");
    expected.assert_eq(&played(&firmware, &files, steps));
}

#[test]
fn a_fault_names_instruction_and_callers() {
    check(
        "fault read",
        &expect![[r#"
            failed fault: HardFault: `read_nowhere` (wrong.c:10) read from 0x70000000, where the board has no memory; its fault handler faulted too, and the processor locked up
            read_nowhere < execute < main
        "#]],
    );
}

#[test]
fn a_lockup_is_told_before_the_emulator_is_gone() {
    check(
        "lockup",
        &expect![[r#"
        failed lockup: lockup in NMI: `non_maskable_interrupt` (wrong.c:50) read from 0x70000000, where the board has no memory
        non_maskable_interrupt < lock_up < execute < main
    "#]],
    );
}

#[test]
fn a_hang_shows_where_it_is_busy() {
    // For levels of two pins no hint lets the machine go on, which would be busy for 5 s.
    check_wait(
        "hang",
        "pin: { LED: high, P1: high }",
        &expect![[r#"
        failed hang: the processor is busy in hang_endlessly (wrong.c:53), 16 of 16 looks within 592us
        hang_endlessly < execute < main
    "#]],
    );
}

#[test]
fn a_sleep_without_end_shows_where_it_sleeps() {
    check(
        "sleep forever",
        &expect![[r#"
        failed asleep: the processor sleeps in sleep_forever (wrong.c:61) and waits for an interrupt
        sleep_forever < execute < main
    "#]],
    );
}

#[test]
fn a_flood_ends_the_run() {
    check(
        "flood 4000000000",
        &expect![[r#"
            failed flood: flood: 1048597 bytes on uart0 since power-on, more than the 1048576 that a run keeps
            put < flood < main
        "#]],
    );
}

#[test]
fn python_that_exits_is_started_again_and_again() {
    check_main(
        "import sys\nsys.exit()\n",
        "2s",
        &expect![[r#"
        failed exit-loop: exit loop: Python ended and was started again 11 times within 1s without a prompt

    "#]],
    );
}

#[test]
fn python_that_resets_shows_who_asked_for_it() {
    check_main(
        "import machine\nmachine.reset()\n",
        "2s",
        &expect![[r#"
        failed reboot-loop: reboot loop: 11 resets within 1s without a prompt
        mcu_reset < mp_machine_reset < fun_builtin_0_call < mp_call_function_n_kw < mp_call_method_n_kw < mp_execute_bytecode < fun_bc_call < mp_call_function_n_kw < mp_call_function_0 < parse_compile_execute < pyexec_file < pyexec_file_if_exists < run_scripts
    "#]],
    );
}

#[test]
fn a_slow_reboot_loop_explains_the_missing_prompt() {
    let main = "import machine, time\ntime.sleep(1.2)\nmachine.reset()\n";
    check_main(
        main,
        "5s",
        &expect![[r#"
        failed reboot-loop: the firmware has started again 4 times without a prompt; the processor sleeps in sleep_until (mphalport.c:54) and waits for an interrupt
        sleep_until < delay_until < mp_hal_delay_ms < time_sleep < fun_builtin_1_call < mp_call_function_n_kw < mp_call_method_n_kw < mp_execute_bytecode < fun_bc_call < mp_call_function_n_kw < mp_call_function_0 < parse_compile_execute < pyexec_file < pyexec_file_if_exists < run_scripts
    "#]],
    );
}

#[test]
fn python_that_never_ends_hangs() {
    check_main_wait(
        "while True: pass\n",
        "  - boot: run\n  - pin: { LED: high, P1: high }\n    within: 50ms\n",
        &expect![[r#"
        failed mute: the firmware has sent nothing since power-on; the processor is busy in mp_execute_bytecode (vm.c:794), 16 of 16 looks within 592us
        mp_execute_bytecode < fun_bc_call < mp_call_function_n_kw < mp_call_function_0 < parse_compile_execute < pyexec_file < pyexec_file_if_exists < run_scripts
    "#]],
    );
}
