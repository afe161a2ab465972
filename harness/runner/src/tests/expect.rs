//! `boot`, `send`, `key`, `wait` and `expect`.

use expect_test::expect;
use replab_machine::Timing;
use replab_scenario::At;

use super::*;

#[test]
fn a_board_that_is_silent_says_so() {
    check(
        vec![boot()],
        &Scripted::new(&board()),
        expect![[r#"
        failed at step 1 of 1, boot on line 10, 2.000000000 s
        output
        expected: prompt ">>> " on uart0 within 2s
        got:      nothing at all
        hint: the firmware has sent nothing since power-on: does it boot, and is this the port of its REPL?
    "#]],
    );
}

#[test]
fn boot_run_does_not_wait() {
    let outcome = run(&scenario(vec![step(Action::Boot(Boot::Run)), wait(5)]), &repl_board());
    assert_eq!(outcome.steps[1].end.as_nanos(), 5_000_000);
    assert_eq!(outcome.end.as_nanos(), 55_000_000, "five, and the settle time");
}

#[test]
fn text_is_found_from_the_start_of_the_step_before() {
    let board = repl_board().on("go\r", prints("gone\r\n>>> "));
    check(vec![boot(), send("go\r"), expect_text("gone")], &board, expect!["passed"]);
    check(vec![boot(), send("go\r"), wait(100), expect_text("gone")], &board, expect!["passed"]);
    let too_late = vec![boot(), send("go\r"), wait(100), wait(1), expect_text("gone")];
    check(
        too_late,
        &board,
        expect![[r#"
            failed at step 5 of 5, expect on line 10, 2.114200001 s
            output
            expected: "gone" on uart0 within 2s
            got:      nothing after 0.014 s
        "#]],
    );
}

#[test]
fn by_the_desk_clock_text_is_found_from_the_start_of_the_last_typing() {
    let board = repl_board().timing(Timing::Wall).on("go\r", prints("gone\r\nand on\r\n>>> "));
    let steps = vec![boot(), send("go\r"), wait(100), wait(1), expect_text("gone")];
    check([steps, vec![expect_prompt()]].concat(), &board, expect!["passed"]);
    check(
        vec![boot(), send("go\r"), expect_text("and on"), within(9, expect_text("gone"))],
        &board,
        expect![[r#"
            failed at step 4 of 4, expect on line 10, 0.072501000 s
            output
            expected: "gone" on uart0 within 9ms
            got:      "\n>>> "
        "#]],
    );
    check(
        vec![boot(), send("go\r"), wait(100), send("on\r"), within(9, expect_text("gone"))],
        &board,
        expect![[r#"
            failed at step 5 of 5, expect on line 10, 0.171500002 s
            output
            expected: "gone" on uart0 within 9ms
            got:      "on\n"
        "#]],
    );
}

#[test]
fn what_boot_has_read_is_not_found_again() {
    check(
        vec![boot(), expect_text("MicroPython")],
        &repl_board(),
        expect![[r#"
            failed at step 2 of 2, expect on line 10, 2.012900000 s
            output
            expected: "MicroPython" on uart0 within 2s
            got:      nothing after 0.011 s
        "#]],
    );
}

#[test]
fn what_was_found_is_not_found_again() {
    let board = repl_board().on("go\r", prints("one one\r\n>>> "));
    check(
        vec![boot(), send("go\r"), expect_text("one"), expect_text("one")],
        &board,
        expect!["passed"],
    );
    let thrice =
        vec![boot(), send("go\r"), expect_text("one"), expect_text("one"), expect_text("one")];
    check(
        thrice,
        &board,
        expect![[r#"
            failed at step 5 of 5, expect on line 10, 2.014001000 s
            output
            expected: "one" on uart0 within 2s
            got:      "\n>>> "
        "#]],
    );
}

#[test]
fn lines_come_in_their_order_with_anything_between() {
    let board = repl_board().on("go\r", prints("one\r\nsomething\r\ntwo\r\n>>> "));
    let steps = vec![boot(), send("go\r"), expect_lines(&["one", "two"]), expect_prompt()];
    check(steps, &board, expect!["passed"]);
    check(
        vec![boot(), send("go\r"), expect_lines(&["two", "one"])],
        &board,
        expect![[r#"
            failed at step 3 of 3, expect on line 10, 2.013200001 s
            output
            expected: "one" after "two" on uart0 within 2s
            got:      "\n>>> "
        "#]],
    );
    check(
        vec![boot(), send("go\r"), expect_lines(&["three"])],
        &board,
        expect![[r#"
        failed at step 3 of 3, expect on line 10, 2.013200001 s
        output
        expected: "three" on uart0 within 2s
        got:      "go\none\nsomething\ntwo\n>>> "
    "#]],
    );
}

#[test]
fn a_line_end_stands_for_either() {
    let board = repl_board().on("go\r", prints("one\r\ntwo\nthree"));
    check(vec![boot(), send("go\r"), expect_text("one\ntwo")], &board, expect!["passed"]);
    check(vec![boot(), send("go\r"), expect_text("one\r\ntwo")], &board, expect!["passed"]);
    check(vec![boot(), send("go\r"), expect_text("two\nthree")], &board, expect!["passed"]);
}

#[test]
fn text_longer_than_a_condition_is_found() {
    let long = "0123456789".repeat(40);
    let board = repl_board().on("go\r", prints(&long));
    check(vec![boot(), send("go\r"), expect_text(&long)], &board, expect!["passed"]);
}

#[test]
fn an_expression_sees_whole_lines() {
    let board = repl_board().on("go\r", prints("t = 12.5 °C\r\nend"));
    check(
        vec![boot(), send("go\r"), expect_regex(r"^t = \d+\.\d+ °C$")],
        &board,
        expect!["passed"],
    );
    check(vec![boot(), send("go\r"), expect_regex("^end$")], &board, expect!["passed"]);
    check(
        vec![boot(), send("go\r"), within(300, expect_regex("^t = 13"))],
        &board,
        expect![[r#"
            failed at step 3 of 3, expect on line 10, 0.313200001 s
            output
            expected: a match of /^t = 13/ on uart0 within 300ms
            got:      "go\nt = 12.5 °C\nend"
        "#]],
    );
}

#[test]
fn an_expression_does_not_judge_half_a_line() {
    let board = repl_board()
        .on("go\r", prints("value 1").after(Duration::from_micros(900)).prints("23\r\n"));
    let steps = vec![boot(), send("go\r"), expect_regex(r"^value \d$"), expect_prompt()];
    let verdict = shown(&run(&scenario(steps), &board).verdict);
    assert!(verdict.contains("step 3"), "{verdict}");
}

#[test]
fn each_prompt_is_found_once() {
    let board = repl_board().on("\x04", prints("\r\nMPY: soft reboot\r\nMicroPython v1\r\n>>> "));
    let steps = vec![boot(), key(b"\x04"), expect_text("MPY: soft reboot"), expect_prompt()];
    check(steps, &board, expect!["passed"]);
    let steps = vec![boot(), key(b"\x04"), expect_prompt(), within(100, expect_prompt())];
    check(
        steps,
        &board,
        expect![[r#"
            failed at step 4 of 4, expect on line 10, 0.117901000 s
            output
            expected: prompt ">>> " on uart0 within 100ms
            got:      nothing after 0.016 s
        "#]],
    );
}

#[test]
fn send_is_over_when_its_last_byte_has_arrived() {
    let outcome = run(&scenario(vec![boot(), send("abc")]), &repl_board());
    let step = &outcome.steps[1];
    assert_eq!((step.end - step.start).as_nanos(), 300_001);
}

#[test]
fn a_step_starts_at_its_time() {
    let mut late = wait(1);
    late.at = Some(At::Machine(ms(500)));
    let mut later = wait(1);
    later.at = Some(At::Step(ms(20)));
    let outcome = run(&scenario(vec![boot(), late, later]), &repl_board());
    let starts: Vec<u64> =
        outcome.steps.iter().map(|step| step.start.as_nanos() / 1_000_000).collect();
    assert_eq!(starts, [0, 500, 521]);
}

#[test]
fn a_time_that_is_past_breaks_the_run() {
    let mut late = wait(1);
    late.at = Some(At::Machine(ms(5)));
    check(
        vec![boot(), late],
        &repl_board(),
        expect![[r#"
            broken at step 2
            this should be at 0.005000 s, which is past: it is 0.012900 s (name a later time)
        "#]],
    );
}

#[test]
fn a_late_stop_changes_no_verdict() {
    let board =
        repl_board().on("6 * 7\r", prints("42\r\n>>> ")).stops_late(Duration::from_micros(250));
    check_transcript(
        vec![boot(), repl(">>> 6 * 7\n42\n>>> 6 * 7\n42")],
        &board,
        expect![[r#"
        MicroPython v1
        >>> 6 * 7
        42
        >>> 6 * 7
        42
        >>> "#]],
    );
}
