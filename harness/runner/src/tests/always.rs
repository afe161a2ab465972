//! What holds through the whole run: crashes, loops, `never`.

use expect_test::expect;
use replab_machine::Fault;
use replab_record::{Event, Registers, ResetCause};

use super::*;

fn fault() -> Fault {
    let mut registers = Registers::default();
    (registers.r[13], registers.r[14], registers.r[15]) = (0x2000_0ff0, 0x1235, 0x12a4);
    registers.xpsr = 1 << 24;
    Fault { exception: 3, registers, is_stacked: true }
}
const PLAIN: &str = "never this";

fn never(pattern: TextPattern, steps: Vec<Step>) -> Scenario {
    Scenario { never: vec![Never::Sent(pattern)], ..scenario(steps) }
}

#[test]
fn a_fault_fails_the_step_and_keeps_the_last_words() {
    let board =
        repl_board().on("boom()\r", after(1).faults(fault()).prints("\r\nFATAL: HardFault\r\n"));
    check(
        vec![boot(), repl(">>> boom()")],
        &board,
        expect![[r#"
            failed at step 2 of 2, repl on line 11, 0.014601000 s
            crash
            expected: no crash
            got:      HardFault: the instruction at 0x000012a4: for a reason that is not known
            | FATAL: HardFault
        "#]],
    );
}

#[test]
fn a_crash_after_the_last_step_fails_the_run() {
    let crashing_at =
        |time| repl_board().on("f()\r", prints("ok\r\n>>> ").after(ms(time)).faults(fault()));
    check(
        vec![boot(), repl(">>> f()\nok")],
        &crashing_at(30),
        expect![[r#"
            failed at no step, 0.043301000 s
            crash
            expected: no crash in the 50ms after the last step
            got:      HardFault: the instruction at 0x000012a4: for a reason that is not known
        "#]],
    );
    check(vec![boot(), repl(">>> f()\nok")], &crashing_at(80), expect!["passed"]);
}

#[test]
fn last_words_alone_are_a_crash_too() {
    let board = repl_board().on("f()\r", prints("\r\nFATAL: uncaught exception 20001234\r\n>>> "));
    check(
        vec![boot(), repl(">>> f()")],
        &board,
        expect![[r#"
            failed at step 2 of 2, repl on line 11, 0.013701000 s
            crash
            expected: no crash
            got:      FATAL: uncaught exception 20001234
        "#]],
    );
}

#[test]
fn a_program_may_speak_of_fatal_things() {
    let board = repl_board().on("f()\r", prints("not FATAL: at all\r\n>>> "));
    check(vec![boot(), repl(">>> f()\nnot FATAL: at all")], &board, expect!["passed"]);
}

#[test]
fn a_reset_that_the_firmware_asks_for_is_carried_out() {
    let board = repl_board().on("machine.reset()\r", after(1).resets());
    let steps =
        vec![boot(), send("machine.reset()\r"), expect_text("MicroPython v1"), expect_prompt()];
    let outcome = run(&scenario(steps), &board);
    assert_eq!(outcome.verdict, Verdict::Passed);
    let resets = outcome
        .record
        .events()
        .iter()
        .filter(|event| matches!(event, Event::Reset { cause: ResetCause::Firmware, .. }));
    assert_eq!(resets.count(), 1);
}

#[test]
fn resets_without_end_are_a_reboot_loop() {
    let board = Scripted::new(&board()).at_start(after(20).prints("hi\r\n").resets());
    check(
        vec![boot()],
        &board,
        expect![[r#"
        failed at step 1 of 1, boot on line 10, 0.220000000 s
        crash
        expected: no crash
        got:      reboot loop: 11 resets within 1s without a prompt
        hint: look at what boot.py and main.py do first
    "#]],
    );
}

#[test]
fn soft_reboots_without_end_are_a_reboot_loop_too() {
    let board = Scripted::new(&board()).at_start(prints(&"MPY: soft reboot\r\n".repeat(20)));
    check(
        vec![boot()],
        &board,
        expect![[r#"
            failed at step 1 of 1, boot on line 10, 0.019700000 s
            crash
            expected: no crash
            got:      exit loop: Python ended and was started again 11 times within 1s without a prompt
            hint: look at what boot.py and main.py do first
        "#]],
    );
}

#[test]
fn reboots_with_prompts_between_are_no_loop() {
    let reboots = "MPY: soft reboot\r\n>>> x\r\n".repeat(20);
    let board = Scripted::new(&board()).at_start(prints(&reboots));
    check(vec![wait(1000)], &board, expect!["passed"]);
}

#[test]
fn slow_resets_are_no_loop() {
    let board = Scripted::new(&board()).at_start(after(150).resets());
    check(vec![wait(3000)], &board, expect!["passed"]);
}

#[test]
fn what_must_never_come_fails_whenever_it_comes() {
    let board = Scripted::new(&board()).at_start(after(10).prints("first\r\nthen never this\r\n"));
    let scenario = never(TextPattern::Text(PLAIN.to_string()), vec![wait(100)]);
    expect![[r#"
        failed at no step, 0.012100000 s
        output
        expected: never "never this"
        got:      "then never this"
    "#]]
    .assert_eq(&shown(&run(&scenario, &board).verdict));
}

#[test]
fn never_is_watched_in_the_settle_time_and_across_stops() {
    let board = Scripted::new(&board()).at_start(after(10).prints("never this"));
    let scenario =
        never(TextPattern::Text(PLAIN.to_string()), vec![wait(10), wait(0), within(1, wait(0))]);
    assert!(shown(&run(&scenario, &board).verdict).starts_with("failed at no step"));
}

#[test]
fn never_can_be_an_expression() {
    let regex = || TextPattern::Regex(regex::Regex::new(r"(?m)^E\d+$").unwrap());
    let board = |text: &str| Scripted::new(&self::board()).at_start(prints(text));
    let verdict = |text: &str| shown(&run(&never(regex(), vec![wait(10)]), &board(text)).verdict);
    expect![[r#"
        failed at no step, 0.000700000 s
        output
        expected: never a match of /^E\d+$/
        got:      "E12"
    "#]]
    .assert_eq(&verdict("a\r\nE12\r\n"));
    assert_eq!(verdict("a\r\nE12 is fine\r\n"), "passed");
}

#[test]
fn an_emulator_that_dies_breaks_the_run_and_leaves_its_last_words() {
    let board = repl_board().on("x\r", Deeds::default().dies());
    check(
        vec![boot(), repl(">>> x")],
        &board,
        expect![[r#"
        broken at step 2
        the machine cannot go on
        the scripted machine ended during `go` (its script says so)
        last words"#]],
    );
}

#[test]
fn an_emulator_that_hangs_breaks_the_run() {
    let board = Scripted::new(&board()).at_start(Deeds::default().hangs());
    check(
        vec![boot()],
        &board,
        expect![[r#"
        broken at step 1
        the machine cannot go on
        the scripted machine did not answer `go` within the 60s of the desk clock that its machine has
    "#]],
    );
}

#[test]
fn a_run_ends_where_its_verdict_is_known() {
    let looping = Scripted::new(&board()).at_start(prints(&"MPY: soft reboot\r\n".repeat(1000)));
    let outcome = run(&scenario(vec![wait(60_000)]), &looping);
    assert_eq!(outcome.transcript.lines().count(), 11);
    let dying = Scripted::new(&board()).at_start(after(10).prints("FATAL: no memory"));
    assert_eq!(run(&scenario(vec![wait(60_000)]), &dying).end.as_nanos() / 1_000_000, 60);
    let text = Scripted::new(&board()).at_start(after(10).prints(PLAIN));
    let scenario = never(TextPattern::Text(PLAIN.to_string()), vec![wait(60_000)]);
    assert_eq!(run(&scenario, &text).end.as_nanos() / 1_000_000, 10);
}

fn forbid(patterns: Vec<TextPattern>) -> Step {
    step(Action::Never(patterns.into_iter().map(Never::Sent).collect()))
}

#[test]
fn what_a_step_forbids_may_have_come_before() {
    let board = Scripted::new(&board()).at_start(
        after(10).prints("E1\r\n").after(ms(20)).prints("fine\r\n").after(ms(20)).prints("E1"),
    );
    let text = || TextPattern::Text("E1".to_string());
    let steps = |until| vec![wait(20), forbid(vec![text()]), wait(until)];
    check(
        steps(30),
        &board,
        expect![[r#"
        failed at step 2 of 3, never on line 10, 0.050100000 s
        output
        expected: never "E1" from this step on
        got:      "E1"
    "#]],
    );
    for before in ["E1\r\n", "half a line with E1"] {
        let quiet = Scripted::new(&self::board()).at_start(after(10).prints(before));
        check(steps(30), &quiet, expect!["passed"]);
    }
}

#[test]
fn an_expression_looks_at_lines_that_begin_after_the_step() {
    let regex = || TextPattern::Regex(regex::Regex::new("(?m)^E[0-9]").unwrap());
    let begun = |more: &str| {
        let start = after(10).prints("x").after(ms(20)).prints("E1\r\n").after(ms(9)).prints(more);
        Scripted::new(&board()).at_start(start)
    };
    let steps = || vec![wait(20), forbid(vec![regex()]), wait(40)];
    check(steps(), &begun(""), expect!["passed"]);
    check(
        steps(),
        &begun("E2\r\n"),
        expect![[r#"
        failed at step 2 of 3, never on line 10, 0.039300000 s
        output
        expected: never a match of /^E[0-9]/ from this step on
        got:      "E2"
    "#]],
    );
}
