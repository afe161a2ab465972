//! What is wrong with steps about pins and silence, and with names of captures.

use expect_test::{Expect, expect};

use super::{problems::brief, read};

/// Each problem of some steps, in a line.
#[track_caller]
fn check(steps: &[&str], expected: Expect) {
    let steps: Vec<String> = steps.iter().map(|step| format!("  - {step}\n")).collect();
    brief(&format!("replab: 1\nname: a\nsteps:\n{}", steps.concat()), expected);
}

#[test]
fn presses_that_cannot_be_are_refused() {
    check(
        &[
            "press: BUTTON",
            "press: { for: 30ms }",
            "press: { button: BUTTON }",
            "press: { button: LED, for: 30ms }",
            "press: { button: BUTON, for: 30ms }",
            "press: { button: BUTTON, for: 0ms }",
            "press: { button: BUTTON, for: 30 }",
            "press: { button: BUTTON, for: 5ms, bounce: 5ms }",
            "press: { button: BUTTON, for: 5ms, bounce: 100ns }",
            "press: { button: BUTTON, for: 5ms, bounces: 1ms }",
        ],
        expect![[r#"
            4 `BUTTON`: `press` is text here (it must be `{ button: BUTTON, for: 30ms }`)
            5 `{`: `button` is missing (say which: `button: BUTTON`)
            6 `{`: `for` is missing (say how long: `for: 30ms`)
            7 `LED`: unknown button `LED` (there are: BUTTON, P14)
            8 `BUTON`: unknown button `BUTON` (did you mean `BUTTON`? There are: BUTTON, P14)
            9 `0ms`: `0ms` is out of range (allowed are more than 0s)
            10 `30`: `30` has no unit (write `30ms` or `30s`)
            11 `{`: a press of 5ms has no room for 5ms of bouncing (press longer, or bounce shorter)
            12 `100ns`: `100ns` is out of range (allowed are 1us and more)
            13 `bounces`: unknown key `bounces` (did you mean `bounce`? There are: button, for, bounce)
        "#]],
    );
}

#[test]
fn levels_that_cannot_be_driven_are_refused() {
    check(
        &[
            "drive: LED",
            "drive: {}",
            "drive: { LED: hihg }",
            "drive: { P99: low }",
            "quiet: 0s",
            "quiet: 5",
        ],
        expect![[r#"
            4 `LED`: `drive` is text here (it must be pins and levels: `{ BUTTON: low }`, or analog inputs: `{ ADC0: 1.2 V }`)
            5 `{`: `drive` is keys and values here (it must be pins and levels: `{ BUTTON: low }`, or analog inputs: `{ ADC0: 1.2 V }`)
            6 `hihg`: unknown level `hihg` (did you mean `high`? There are: high, low, floating, noise)
            7 `P99`: unknown pin `P99` (did you mean `P9`? There are: BUTTON, LED, P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17, P18, P19, P20, P21 and 10 more)
            8 `0s`: `0s` is out of range (allowed are more than 0s)
            9 `5`: `5` has no unit (write `5s` or `5ms`)
        "#]],
    );
}

#[test]
fn waves_that_claim_what_cannot_be_are_refused() {
    let waves = [
        "for: 5s, frequency: 1kHz",
        "for: 5s, frequency: 1Hz ±1%, period: 1s ±1%",
        "for: 1ms, frequency: 1kHz ±0%",
        "for: 5s, frequency: 1kHz ±1%, count: 1",
        "for: 5s, count: 0, high: { min: 1ms }",
        "for: 5s, count: 0, first: rising",
        "for: 5s, first: up",
        "for: 5s, high: 20ms",
        "for: 5s, high: {}",
        "for: 5s, high: { min: 2ms, max: 1ms }",
        "for: 5s, low: { mni: 2ms }",
        "for: 5s, low: { min: 5s }",
    ];
    let waves = waves.map(|wave| format!("wave: {{ pin: LED, {wave} }}"));
    check(
        &waves.each_ref().map(String::as_str),
        expect![[r#"
            4 `1kHz`: `1kHz` has no tolerance (write `1kHz ±1%`)
            5 `{`: `period` and `frequency` claim the same thing (keep one of them)
            6 `{`: 1ms has no room for a whole period of 1ms (look longer, or claim less)
            7 `{`: a whole period needs two rising edges, and `count` is 1 (leave out period and duty, or count more)
            8 `{`: with `count: 0` there is no rising edge, and no whole pulse (leave out high, low, first and lag, or count more)
            9 `{`: with `count: 0` there is no rising edge, and no whole pulse (leave out high, low, first and lag, or count more)
            10 `up`: unknown edge `up` (there are: rising, falling)
            11 `20ms`: `high` is text here (it must be `{ min: 19ms, max: 22ms }`, or one of both)
            12 `{`: `high` is keys and values here (it must be `{ min: 19ms, max: 22ms }`, or one of both)
            13 `{`: `min` is 2ms, which is more than `max`, 1ms (exchange them)
            14 `mni`: unknown key `mni` (did you mean `min`? There are: min, max)
            15 `{`: 5s has no room for a pulse of 5s (look longer, or claim less)
        "#]],
    );
}

#[test]
fn a_list_of_waves_has_each_pin_once() {
    check(
        &[
            "wave: []",
            "wave: [{ pin: LED, for: 1s, count: 2 }, { pin: LED, for: 2s, count: 3 }]",
            "wave: [{ pin: LED, for: 1s, count: 2 }, { pin: P99, for: 1s, count: 2 }]",
            "wave: [{ pin: LED, for: 1s }, { pin: P3, for: 1s, cuont: 2 }]",
        ],
        expect![[r#"
            4 `[`: `wave` is a list here (it must be one wave or more: `[{ pin: LED, for: 5s, count: 5 }]`)
            5 `{`: a wave of LED stands in this list already (claim all of it in one entry, or look again in another step)
            6 `P99`: unknown pin `P99` (did you mean `P9`? There are: BUTTON, LED, P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17, P18, P19, P20, P21 and 10 more)
            7 `{`: this wave claims nothing (give it one or more of: period, frequency, duty, count, first, high, low, glitch, lag)
            7 `cuont`: unknown key `cuont` (did you mean `count`? There are: pin, for, period, frequency, duty, count, first, high, low, glitch, lag)
        "#]],
    );
}

#[test]
fn names_of_captures_are_known_before_and_stand_once() {
    brief(
        "replab: 1
name: a
steps:
  - repl: |
      >>> first()
      one <=tow>
      <two:int> <=two>
      >>> second()
      <=tow> <two:float>
  - exec: { code: \"x\", prints: \"<=three> <three:any>\" }
  - exec: { code: \"x\", prints: \"<=three> <stdin> <three:itn>\" }
",
        expect![[r#"
            6 `one <=tow>`: unknown capture `tow` (a step before has to capture it: `<NAME:int>`)
            7 `<two:int> <=two>`: unknown capture `two` (a step before has to capture it: `<NAME:int>`)
            9 `<=tow> <two:float>`: unknown capture `tow` (did you mean `two`? There are: two)
            9 `<=tow> <two:float>`: `two` is captured twice (give it another name)
            10 `"<=three> <three:any>"`: unknown capture `three` (there are: two)
        "#]],
    );
}

#[test]
fn an_analog_input_takes_what_it_measures() {
    let on_pico = |steps: &str| format!("replab: 1\nname: some\nboards: [pico]\nsteps:\n{steps}");
    for right in
        ["ADC0: 1.2 V", "ADC3: 900mV, TEMP: -5 °C", "LED: floating, ADC1: 0 V", "P3: noise"]
    {
        read(&on_pico(&format!("  - drive: {{ {right} }}\n"))).expect("the step is right");
    }
    brief(
        &on_pico(
            "  - drive: { ADC0: 1.2 }\n  - drive: { ADC4: 1 V }\n  - drive: { TEMP: 1 V }\n  - drive: { ADC0: high }\n  - drive: { LED: 1 V }\n  - pin: { ADC0: high }\n",
        ),
        expect![[r#"
            5 `1.2`: `1.2` has no unit (write `1.2 V`)
            6 `ADC4`: unknown pin `ADC4` (did you mean `ADC0`? There are: BUTTON, LED, P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17, P18, P19, P20, P21 and 13 more)
            6 `1 V`: unknown level `1 V` (there are: high, low, floating, noise)
            7 `1 V`: `V` in `1 V` is no unit here (use °C)
            8 `high`: `high` is no number with a unit (write one like 1.2 V)
            9 `1 V`: unknown level `1 V` (there are: high, low, floating, noise)
            10 `ADC0`: unknown pin `ADC0` (there are: BUTTON, LED, P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17, P18, P19, P20, P21 and 8 more)
        "#]],
    );
    brief(
        "replab: 1\nname: some\nboards: [lab-m0, pico]\nsteps:\n  - drive: { ADC0: 1 V }\n",
        expect![[r#"
            5 `ADC0`: board lab-m0 has no analog input `ADC0` that measures the same (list in `boards:` only those whose file has it under `analog:`)
        "#]],
    );
}

#[test]
fn a_finding_has_one_of_its_names() {
    brief(
        "replab: 1\nname: some\nnever: { finding: storage }\nsteps:\n  - never: [{ finding: unmapped-access }, { finding: x, regex: y }]\n",
        expect![[r#"
            3 `storage`: unknown finding `storage` (did you mean `storage-only`? There are: storage-only, unmapped-access, undriven-read, short-circuit)
            5 `{`: `never` is keys and values here (it must be text, `{ regex: R }` or `{ finding: storage-only }`)
        "#]],
    );
}

#[test]
fn a_never_needs_something_to_find() {
    check(
        &[
            "never: []",
            "never: \"\"",
            "never: { regex: \"a*\" }",
            "never: { text: x }",
            "never: x\n    within: 1s",
        ],
        expect![[r#"
            4 `[`: `never` is empty (write what must come, or what is typed)
            5 `""`: `never` is empty (write what must come, or what is typed)
            6 `"a*"`: `a*` finds an empty text too, and that is everywhere (say what must stand there: `+` for `*`)
            7 `text`: unknown key `text` (there are: regex, finding)
            9 `within`: `within` stands beside `never`, which waits for nothing (put it beside the step that waits: boot, repl, exec, paste, expect, pin or reset)
        "#]],
    );
}

#[test]
fn claims_about_memory_name_a_figure_and_a_bound() {
    check(
        &[
            "memory: smaple",
            "memory: {}",
            "memory: { heap.fre: \">= 64 KiB\" }",
            "memory: { heap.free: 64 KiB }",
            "memory: { heap.free: \">= 64\", stack.peak: [1] }",
        ],
        expect![[r#"
            4 `smaple`: `memory` is text here (it must be `sample`, or figures and bounds: `{ heap.free: ">= 64 KiB" }`)
            5 `{`: `memory` is keys and values here (it must be `sample`, or figures and bounds: `{ heap.free: ">= 64 KiB" }`)
            6 `heap.fre`: unknown figure of memory `heap.fre` (did you mean `heap.free`? There are: heap.total, heap.used, heap.free, heap.largest, heap.growth, stack.peak, flash.used, ram.used)
            7 `64 KiB`: `64 KiB` does not say how to compare (write `>= 64 KiB` or `<= 64 KiB`)
            8 `">= 64"`: `>= 64` has no unit (write `>= 64 KiB` or `>= 64 B`)
            8 `[`: `memory` is a list here (it must be a quantity with its unit: `500ms`)
        "#]],
    );
}
