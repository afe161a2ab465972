//! The eight failures that learners meet most, on real MicroPython: the whole screen,
//! which ends with what to look at.

use std::fs;
use std::process::Command;

use expect_test::{Expect, expect};

mod support;

/// Plays a scenario of `rest`, which fails, and shows what a person sees of the failure.
#[track_caller]
fn check(rest: &str, expected: &Expect) {
    or_skip!(support::qemu_tools());
    or_skip!(support::micropython());
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let text = format!("replab: 1\nname: a lesson\n{rest}");
    fs::write(folder.path().join("lesson.yaml"), text).expect("the folder is ours");
    let output = Command::new(assert_cmd::cargo::cargo_bin("xtask"))
        .current_dir(support::root())
        // xtask finds its checkout by this; ours names another package.
        .env_remove("CARGO_MANIFEST_DIR")
        .env("NO_COLOR", "1")
        .arg("emulate")
        .arg("--scenarios")
        .arg(folder.path())
        .arg("--output")
        .arg(folder.path())
        .output()
        .expect("xtask is built with the workspace");
    let shown = String::from_utf8(output.stdout).expect("it speaks UTF-8");
    let shown = shown.replace(&folder.path().display().to_string(), "FOLDER");
    let from = shown
        .find("error:")
        .unwrap_or_else(|| panic!("{shown}{}", String::from_utf8_lossy(&output.stderr)));
    let screen: String = shown[from..]
        .lines()
        // How to play it again; then the summary, with the desk clock's time.
        .take_while(|line| !line.starts_with("        again: "))
        .map(|line| format!("{line}\n"))
        .collect();
    expected.assert_eq(&screen);
    assert_eq!(output.status.code(), Some(100));
}

#[test]
fn no_prompt() {
    check(
        r#"
files:
  main.py: |
    import time
    while True:
        print("tick")
        time.sleep(1)
steps:
  - boot: repl
"#,
        &expect![[r#"
            error: scenario `lesson` failed on lab-m0@qemu
              step 1 of 1, FOLDER/lesson.yaml:11: expected prompt ">>> " on uart0 within 2s, got "tick\ntick\n"
              the processor sleeps in sleep_until (mphalport.c:54) and waits for an interrupt
                at sleep_until (mphalport.c:54)
                called from delay_until (mphalport.c:90)
                called from mp_hal_delay_ms (mphalport.c:96)
                called from time_sleep (modtime.c:124)
                called from fun_builtin_1_call (objfun.c:70)
                called from mp_call_function_n_kw (runtime.c:726)
                called from mp_call_method_n_kw (runtime.c:742)
                called from mp_execute_bytecode (vm.c:1042)
                called from fun_bc_call (objfun.c:295)
                called from mp_call_function_n_kw (runtime.c:726)
                … and 5 more calls
              uart0 |  0.002 | tick
              uart0 |  1.002 | tick
              help: main.py is still running, and the prompt comes after it: use `boot: run`, or stop it with `key: ctrl-c` first
                    whole transcript in FOLDER/lesson.lab-m0.qemu.txt
        "#]],
    );
}

#[test]
fn wrong_indentation_in_a_transcript() {
    check(
        r#"
steps:
  - boot: repl
  - repl: |
      >>> n = 0
      >>> for i in range(2):
      ...     n = n + i
      ...   print(n)
      0
      1
"#,
        &expect![[r#"
            error: scenario `lesson` failed on lab-m0@qemu
              step 2 of 2, FOLDER/lesson.yaml:8: `for i in range(2):\n    n = n + i\n  print(n)` was typed: expected other text (-) than came (+)
                line 1 should be "0" and is "Traceback (most recent call last):"
                @@ -1,2 +1,3 @@
                -0
                -1
                +Traceback (most recent call last):
                +  File "<stdin>", line 2
                +IndentationError: unindent doesn't match any outer indent level
              uart0 |  0.003 | >>> for i in range(2):
              uart0 |  0.006 | ...     n = n + i
              uart0 |  0.008 | ...     \x08\x08\x08\x08\x1b[K  print(n)
              uart0 |  0.010 | ...
              uart0 |  0.012 | Traceback (most recent call last):
              uart0 |  0.012 |   File "<stdin>", line 2
              uart0 |  0.012 | IndentationError: unindent doesn't match any outer indent level
              uart0 |  0.012 | >>>
              help: line 10 is indented by 2 blanks, as no block is: what stands after `... ` is typed as it is
                    whole transcript in FOLDER/lesson.lab-m0.qemu.txt
        "#]],
    );
}

#[test]
fn a_transcript_without_the_lines_of_its_block() {
    check(
        r#"
steps:
  - boot: repl
  - repl: |
      >>> for i in range(2):
      0
      1
"#,
        &expect![[r#"
            error: scenario `lesson` failed on lab-m0@qemu
              step 2 of 2, FOLDER/lesson.yaml:7: `for i in range(2):` was typed: expected other text (-) than came (+)
                line 1 should be "0" and is "Traceback (most recent call last):"
                @@ -1,2 +1,3 @@
                -0
                -1
                +Traceback (most recent call last):
                +  File "<stdin>", line 2
                +SyntaxError: invalid syntax
              uart0 |  0.001 | MicroPython v1.25.0 on 2025-04-15; replab lab-m0 with nRF51 Cortex-M0
              uart0 |  0.001 | Type "help()" for more information.
              uart0 |  0.001 | >>> for i in range(2):
              uart0 |  0.004 | ...     \x08\x08\x08\x08\x1b[K
              uart0 |  0.006 | Traceback (most recent call last):
              uart0 |  0.006 |   File "<stdin>", line 2
              uart0 |  0.006 | SyntaxError: invalid syntax
              uart0 |  0.006 | >>>
              help: the block of line 7 has no line: each of its lines begins with `... `
                    whole transcript in FOLDER/lesson.lab-m0.qemu.txt
        "#]],
    );
}

#[test]
fn timeout_while_the_board_sleeps() {
    check(
        r#"
files:
  main.py: |
    import time
    time.sleep(2.8)
    print("ready")
steps:
  - boot: run
  - expect: ready
"#,
        &expect![[r#"
            error: scenario `lesson` failed on lab-m0@qemu
              step 2 of 2, FOLDER/lesson.yaml:11: expected "ready" on uart0 within 2s, got nothing at all
              the firmware has sent nothing since power-on; the processor sleeps in sleep_until (mphalport.c:54) and waits for an interrupt
                at sleep_until (mphalport.c:54)
                called from delay_until (mphalport.c:90)
                called from mp_hal_delay_ms (mphalport.c:96)
                called from time_sleep (modtime.c:124)
                called from fun_builtin_1_call (objfun.c:70)
                called from mp_call_function_n_kw (runtime.c:726)
                called from mp_call_method_n_kw (runtime.c:742)
                called from mp_execute_bytecode (vm.c:1042)
                called from fun_bc_call (objfun.c:295)
                called from mp_call_function_n_kw (runtime.c:726)
                … and 5 more calls
              help: it comes at 2.802 s, too late for line 11: give the step `within: 3s`
                    whole transcript in FOLDER/lesson.lab-m0.qemu.txt
        "#]],
    );
}

#[test]
fn wrong_pin() {
    check(
        r#"
files:
  main.py: |
    import time
    from machine import Pin
    led = Pin(24, Pin.OUT)
    while True:
        led.value(not led.value())
        time.sleep(0.5)
steps:
  - boot: run
  - wave: { pin: LED, for: 3s, period: 1s ±1% }
"#,
        &expect![[r#"
            error: scenario `lesson` failed on lab-m0@qemu
              step 2 of 2, FOLDER/lesson.yaml:14: expected period 1s ±1% on LED, got no whole period: no edge at all, the pin was unknown
              the firmware has sent nothing since power-on; the processor sleeps in sleep_until (mphalport.c:54) and waits for an interrupt
                at sleep_until (mphalport.c:54)
                called from delay_until (mphalport.c:90)
                called from mp_hal_delay_ms (mphalport.c:96)
                called from time_sleep (modtime.c:124)
                called from fun_builtin_1_call (objfun.c:70)
                called from mp_call_function_n_kw (runtime.c:726)
                called from mp_call_method_n_kw (runtime.c:742)
                called from mp_execute_bytecode (vm.c:1042)
                called from fun_bc_call (objfun.c:295)
                called from mp_call_function_n_kw (runtime.c:726)
                … and 5 more calls
              help: LED did not move, and P24 did: 7 edges. Is it the pin that is meant?
                    whole transcript in FOLDER/lesson.lab-m0.qemu.txt
        "#]],
    );
}

#[test]
fn button_not_held_long_enough() {
    check(
        r#"
files:
  main.py: |
    import time
    from machine import Pin
    button = Pin(14, Pin.IN, Pin.PULL_UP)
    print("waiting")
    while True:
        if not button.value():
            time.sleep_ms(20)
            if not button.value():
                print("pressed")
        time.sleep_ms(1)
steps:
  - boot: run
  - expect: waiting
  - press: { button: BUTTON, for: 5ms }
  - expect: pressed
"#,
        &expect![[r#"
            error: scenario `lesson` failed on lab-m0@qemu
              step 4 of 4, FOLDER/lesson.yaml:20: expected "pressed" on uart0 within 2s, got "\n"
              the processor sleeps in sleep_until (mphalport.c:54) and waits for an interrupt
                at sleep_until (mphalport.c:54)
                called from delay_until (mphalport.c:90)
                called from mp_hal_delay_ms (mphalport.c:96)
                called from time_sleep_ms (modtime.c:136)
                called from fun_builtin_1_call (objfun.c:70)
                called from mp_call_function_n_kw (runtime.c:726)
                called from mp_call_method_n_kw (runtime.c:742)
                called from mp_execute_bytecode (vm.c:1042)
                called from fun_bc_call (objfun.c:295)
                called from mp_call_function_n_kw (runtime.c:726)
                … and 5 more calls
              uart0 |  0.006 | waiting
              help: BUTTON was held for 5ms of machine time, and nothing came of it: firmware that waits until a contact has stopped bouncing, or looks only now and then, does not see that; hold it longer (`for: 100ms`)
                    whole transcript in FOLDER/lesson.lab-m0.qemu.txt
        "#]],
    );
}

#[test]
fn memory_error() {
    check(
        r#"
steps:
  - boot: repl
  - repl: |
      >>> buffer = bytearray(500000)
"#,
        &expect![[r#"
            error: scenario `lesson` failed on lab-m0@qemu
              step 2 of 2, FOLDER/lesson.yaml:7: `buffer = bytearray(500000)` was typed: expected other text (-) than came (+)
                line 1 should be "(nothing more)" and is "Traceback (most recent call last):"
                @@ -0,0 +1,3 @@
                +Traceback (most recent call last):
                +  File "<stdin>", line 1, in <module>
                +MemoryError: memory allocation failed, allocating 500000 bytes
              uart0 |  0.001 | MicroPython v1.25.0 on 2025-04-15; replab lab-m0 with nRF51 Cortex-M0
              uart0 |  0.001 | Type "help()" for more information.
              uart0 |  0.001 | >>> buffer = bytearray(500000)
              uart0 |  0.007 | Traceback (most recent call last):
              uart0 |  0.007 |   File "<stdin>", line 1, in <module>
              uart0 |  0.007 | MemoryError: memory allocation failed, allocating 500000 bytes
              uart0 |  0.007 | >>>
              help: the heap had no room for 500000 bytes in one piece: of its 232064 bytes 229248 are free now, the longest piece 224688 (docs/memory.md says how to measure it)
                    whole transcript in FOLDER/lesson.lab-m0.qemu.txt
        "#]],
    );
}

#[test]
fn file_not_saved() {
    check(
        r#"
steps:
  - boot: repl
  - repl: |
      >>> log = open("log.txt", "w")
      >>> log.write("hello")
      5
  - reset: hard
  - repl: |
      >>> open("log.txt").read()
      'hello'
"#,
        &expect![[r#"
            error: scenario `lesson` failed on lab-m0@qemu
              step 4 of 4, FOLDER/lesson.yaml:12: `open("log.txt").read()` was typed: expected "'hello'", got "''"
                line 1 should be "'hello'" and is "''"
                @@ -1 +1 @@
                -'hello'
                +''
              uart0 |  0.006 | >>> log.write("hello")
              uart0 |  0.009 | 5
              uart0 |  0.009 | >>>
              uart0 |  0.011 | MicroPython v1.25.0 on 2025-04-15; replab lab-m0 with nRF51 Cortex-M0
              uart0 |  0.011 | Type "help()" for more information.
              uart0 |  0.011 | >>> open("log.txt").read()
              uart0 |  0.015 | ''
              uart0 |  0.015 | >>>
              help: `log.txt` was written and not saved: close it (`f.close()`), or write it within `with open("log.txt", "w") as f:`
                    whole transcript in FOLDER/lesson.lab-m0.qemu.txt
        "#]],
    );
}

#[test]
fn a_module_under_another_name() {
    check(
        r#"
files:
  settings.py: "N = 1"
steps:
  - boot: repl
  - repl: |
      >>> import setings
"#,
        &expect![[r#"
            error: scenario `lesson` failed on lab-m0@qemu
              step 2 of 2, FOLDER/lesson.yaml:9: `import setings` was typed: expected other text (-) than came (+)
                line 1 should be "(nothing more)" and is "Traceback (most recent call last):"
                @@ -0,0 +1,3 @@
                +Traceback (most recent call last):
                +  File "<stdin>", line 1, in <module>
                +ImportError: no module named 'setings'
              uart0 |  0.000 | MicroPython v1.25.0 on 2025-04-15; replab lab-m0 with nRF51 Cortex-M0
              uart0 |  0.000 | Type "help()" for more information.
              uart0 |  0.000 | >>> import setings
              uart0 |  0.003 | Traceback (most recent call last):
              uart0 |  0.003 |   File "<stdin>", line 1, in <module>
              uart0 |  0.003 | ImportError: no module named 'setings'
              uart0 |  0.003 | >>>
              help: the board has no file `setings.py`, and its firmware no such module: is `settings.py` meant?
                    whole transcript in FOLDER/lesson.lab-m0.qemu.txt
        "#]],
    );
}

#[test]
fn typed_too_early() {
    check(
        r#"
files:
  main.py: |
    import time
    print("starting")
    time.sleep(3)
steps:
  - boot: run
  - expect: starting
  - send: "6 * 7\r"
  - expect: "42"
"#,
        &expect![[r#"
            error: scenario `lesson` failed on lab-m0@qemu
              step 4 of 4, FOLDER/lesson.yaml:13: expected "42" on uart0 within 2s, got "\n"
              the processor sleeps in sleep_until (mphalport.c:54) and waits for an interrupt
                at sleep_until (mphalport.c:54)
                called from delay_until (mphalport.c:90)
                called from mp_hal_delay_ms (mphalport.c:96)
                called from time_sleep (modtime.c:124)
                called from fun_builtin_1_call (objfun.c:70)
                called from mp_call_function_n_kw (runtime.c:726)
                called from mp_call_method_n_kw (runtime.c:742)
                called from mp_execute_bytecode (vm.c:1042)
                called from fun_bc_call (objfun.c:295)
                called from mp_call_function_n_kw (runtime.c:726)
                … and 5 more calls
              uart0 |  0.002 | starting
              help: what line 12 typed came at 0.002 s, when the board was not at its prompt, and nothing has echoed it: wait first, with `expect: { prompt: true }`
                    whole transcript in FOLDER/lesson.lab-m0.qemu.txt
        "#]],
    );
}
