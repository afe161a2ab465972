//! `exec`: raw-paste mode, plain raw mode, claims and exceptions.

use expect_test::expect;
use replab_scenario::Expected as Pattern;

use super::*;

const BANNER: &str = "\r\nraw REPL; CTRL-B to exit\r\n>";
const BACK: &str = "\r\nMicroPython v1\r\n>>> ";

/// A board with raw-paste mode and a window of `window` bytes. Its raw mode does
/// not echo; that the friendly one does is not needed here.
fn raw_board(window: u8) -> Scripted {
    let mut header = b"R\x01".to_vec();
    header.extend([window, 0, 1]);
    Scripted::new(&board())
        .at_start(after(10).prints("MicroPython v1\r\n>>> "))
        .on("\x01", prints(BANNER))
        .on("\x05A\x01", Deeds::default().prints(header))
        .on("\x02", prints(BACK))
}

/// The board of [`raw_board`] that answers code with `output` and `traceback`.
fn answering(output: &str, traceback: &str) -> Scripted {
    raw_board(128).on("\x04", prints(&format!("\x04{output}\x04{traceback}\x04>")))
}

fn exec(code: Code) -> Step {
    step(Action::Exec(code))
}

fn printing(text: &str) -> Code {
    Code { prints: Some(Pattern::parse(text)), ..code("run()\n") }
}

fn claiming(claims: &[&str]) -> Code {
    Code { claims: claims.iter().map(|claim| Pattern::parse(claim)).collect(), ..code("run()\n") }
}

const TRACEBACK: &str = "Traceback (most recent call last):\r\n  File \"<stdin>\", line 1, in <module>\r\nValueError: no\r\n";

#[test]
fn what_code_prints_is_compared_whole() {
    check(
        vec![boot(), exec(printing("one\ntwo"))],
        &answering("one\r\ntwo\r\n", ""),
        expect!["passed"],
    );
    check(
        vec![boot(), exec(printing("one"))],
        &answering("one\r\ntwo\r\n", ""),
        expect![[r#"
            failed at step 2 of 2, exec on line 10, 0.022403000 s
            output
            expected: the code to print "one"
            got:      "one\ntwo"
            | line 2 should be "(nothing more)" and is "two"
            | @@ -1 +1,2 @@
            |  one
            | +two
        "#]],
    );
    check(vec![boot(), exec(printing(""))], &answering("", ""), expect!["passed"]);
}

#[test]
fn claims_come_in_order_with_anything_between() {
    let board = answering("Pin 25: HIGH\r\nPin 25: LOW\r\nwait\r\nPin 25: HIGH\r\n", "");
    check(
        vec![boot(), exec(claiming(&["Pin 25: HIGH", "Pin 25: LOW", "Pin 25: HIGH"]))],
        &board,
        expect!["passed"],
    );
    check(
        vec![boot(), exec(claiming(&["Pin 25: LOW", "Pin 25: LOW"]))],
        &board,
        expect![[r#"
            failed at step 2 of 2, exec on line 10, 0.026103000 s
            output
            expected: the code to print "Pin 25: LOW" after "Pin 25: LOW"
            got:      "wait\nPin 25: HIGH"
            | wait
            | Pin 25: HIGH
        "#]],
    );
    check(
        vec![boot(), exec(claiming(&["Pin 25: HI"]))],
        &board,
        expect![[r#"
            failed at step 2 of 2, exec on line 10, 0.026103000 s
            output
            expected: the code to print "Pin 25: HI"
            got:      "Pin 25: HIGH\nPin 25: LOW\nwait\nPin 25: HIGH"
            | Pin 25: HIGH
            | Pin 25: LOW
            | wait
            | Pin 25: HIGH
        "#]],
    );
    check(vec![boot(), exec(claiming(&["Pin <int>: LOW\nwait"]))], &board, expect!["passed"]);
}

#[test]
fn an_exception_that_nobody_claimed_fails() {
    check(
        vec![boot(), exec(code("run()"))],
        &answering("so far\r\n", TRACEBACK),
        expect![[r#"
            failed at step 2 of 2, exec on line 10, 0.031203000 s
            code
            expected: the code to run to its end
            got:      ValueError: no
            | so far
            | Traceback (most recent call last):
            |   File "<stdin>", line 1, in <module>
            | ValueError: no
        "#]],
    );
}

#[test]
fn a_claimed_exception_must_come_by_its_name() {
    let raising = |name: &str| Code { raises: Some(name.to_string()), ..code("run()") };
    check(vec![boot(), exec(raising("ValueError"))], &answering("", TRACEBACK), expect!["passed"]);
    check(
        vec![boot(), exec(raising("Value"))],
        &answering("", TRACEBACK),
        expect![[r#"
            failed at step 2 of 2, exec on line 10, 0.030403000 s
            code
            expected: the code to raise Value
            got:      ValueError: no
            | Traceback (most recent call last):
            |   File "<stdin>", line 1, in <module>
            | ValueError: no
        "#]],
    );
    check(
        vec![boot(), exec(raising("ValueError"))],
        &answering("", ""),
        expect![[r#"
            failed at step 2 of 2, exec on line 10, 0.021303000 s
            code
            expected: the code to raise ValueError
            got:      no exception
        "#]],
    );
}

#[test]
fn the_transcript_shows_what_was_printed_and_no_frames() {
    let steps = || vec![boot(), exec(code("run()"))];
    check_transcript(
        steps(),
        &answering("one\r\n", ""),
        expect![[r#"
        MicroPython v1
        >>> 
        one
        >>> "#]],
    );
    check_transcript(
        steps(),
        &answering("", ""),
        expect![[r#"
        MicroPython v1
        >>> 
        >>> "#]],
    );
    check_transcript(
        steps(),
        &answering("half", ""),
        expect![[r#"
        MicroPython v1
        >>> 
        half
        >>> "#]],
    );
    let raising = Code { raises: Some("ValueError".to_string()), ..code("run()") };
    check_transcript(
        vec![boot(), exec(raising)],
        &answering("one\r\n", TRACEBACK),
        expect![[r#"
        MicroPython v1
        >>> 
        one
        Traceback (most recent call last):
          File "<stdin>", line 1, in <module>
        ValueError: no
        >>> "#]],
    );
}

#[test]
fn long_code_goes_by_windows() {
    // Two windows are free at first; each further one after 8 more bytes.
    let text = "0123456789abcdefghijklmnopqrst";
    let board = raw_board(8)
        .on("01234567", prints("\x01"))
        .on("89abcdef", prints("\x01"))
        .on("ghijklmn", prints("\x01"))
        .on(format!("{text}\x04"), prints("\x04ok\r\n\x04\x04>"));
    check(
        vec![boot(), exec(Code { prints: Some(Pattern::parse("ok")), ..code(text) })],
        &board,
        expect!["passed"],
    );
}

#[test]
fn code_waits_for_its_window() {
    // The second window is free at once, the third never.
    let verdict = shown(
        &run(&scenario(vec![boot(), exec(code("0123456789abcdefghij"))]), &raw_board(8)).verdict,
    );
    assert!(verdict.contains("more room in raw-paste mode"), "{verdict}");
}

#[test]
fn a_syntax_error_in_the_first_window_ends_the_sending() {
    let board = raw_board(4)
        .on("01234567", prints("\x04"))
        .on("7\x04", prints("\x04Traceback\r\nSyntaxError: no\r\n\x04>"));
    let raising = Code { raises: Some("SyntaxError".to_string()), ..code("0123456789abcdef") };
    check(vec![boot(), exec(raising)], &board, expect!["passed"]);
}

#[test]
fn a_board_without_raw_paste_gets_plain_raw_mode() {
    let plain = |answer: &str| {
        Scripted::new(&board())
            .at_start(after(10).prints(">>> "))
            .on("\x01", prints(BANNER))
            .on("\x05A\x01", prints(answer))
            .on("run()\n\x04", prints("OKone\r\n\x04\x04>"))
            .on("\x02", prints(BACK))
    };
    check(vec![boot(), exec(printing("one"))], &plain("R\x00>"), expect!["passed"]);
    check(
        vec![boot(), exec(printing("one"))],
        &plain("raw REPL; CTRL-B to exit\r\n>"),
        expect!["passed"],
    );
}

#[test]
fn code_that_does_not_end_says_what_it_printed() {
    let board = raw_board(128).on("\x04", prints("\x04tick\r\n"));
    check(
        vec![boot(), exec(code("while True: tick()\n"))],
        &board,
        expect![[r#"
            failed at step 2 of 2, exec on line 10, 2.012900000 s
            code
            expected: the code to end within 2s
            got:      it still runs, and printed "tick\n"
            | tick
            hint: the code loops for ever: start it with `send:`, and stop it with `key: ctrl-c`
        "#]],
    );
}

#[test]
fn a_board_without_raw_mode_says_so() {
    check(
        vec![boot(), exec(code("run()"))],
        &repl_board(),
        expect![[r#"
            failed at step 2 of 2, exec on line 10, 2.012900000 s
            output
            expected: the raw REPL on uart0 within 2s
            got:      nothing after 0.011 s
            hint: `exec` needs MicroPython's raw REPL: `paste` and `repl` do not
        "#]],
    );
}
