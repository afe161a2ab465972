//! `paste`: the echo, the output and exceptions.

use expect_test::expect;
use replab_scenario::Expected as Pattern;

use super::*;

/// A board in whose paste mode code comes to its end with `output`.
fn paste_board(output: &str) -> Scripted {
    repl_board()
        .on("\x05", prints("\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== "))
        .on("\r", prints("=== "))
        .on("\x04", prints(&format!("\r\n{output}>>> ")))
}

fn paste(code: Code) -> Step {
    step(Action::Paste(code))
}

fn printing(text: &str) -> Code {
    Code { prints: Some(Pattern::parse(text)), ..code("for n in range(2):\n    print(n)\n") }
}

#[test]
fn the_echo_is_not_the_output() {
    check(vec![boot(), paste(printing("0\n1"))], &paste_board("0\r\n1\r\n"), expect!["passed"]);
    check(
        vec![boot(), paste(printing("0\n1"))],
        &paste_board("0\r\n2\r\n"),
        expect![[r#"
            failed at step 2 of 2, paste on line 10, 0.024702000 s
            output
            expected: the code to print "0\n1"
            got:      "0\n2"
            | line 2 should be "1" and is "2"
            | @@ -1,2 +1,2 @@
            |  0
            | -1
            | +2
        "#]],
    );
}

#[test]
fn the_transcript_shows_what_was_pasted() {
    check_transcript(
        vec![boot(), paste(printing("0\n1"))],
        &paste_board("0\r\n1\r\n"),
        expect![[r#"
        MicroPython v1
        >>> 
        paste mode; Ctrl-C to cancel, Ctrl-D to finish
        === for n in range(2):
        ===     print(n)
        === 
        0
        1
        >>> "#]],
    );
}

#[test]
fn code_may_hold_prompts() {
    let code = Code { prints: Some(Pattern::parse("ok")), ..code("# >>> \n>>> ") };
    check(vec![boot(), paste(code)], &paste_board("ok\r\n"), expect!["passed"]);
}

#[test]
fn an_exception_ends_the_output() {
    let traceback = "Traceback (most recent call last):\r\n  File \"<stdin>\", line 1, in <module>\r\nValueError: no\r\n";
    let board = paste_board(&format!("0\r\n{traceback}"));
    check(
        vec![boot(), paste(printing("0"))],
        &board,
        expect![[r#"
            failed at step 2 of 2, paste on line 10, 0.033502000 s
            code
            expected: the code to run to its end
            got:      ValueError: no
            | 0
            | Traceback (most recent call last):
            |   File "<stdin>", line 1, in <module>
            | ValueError: no
        "#]],
    );
    let raising = Code { raises: Some("ValueError".to_string()), ..printing("0") };
    check(vec![boot(), paste(raising)], &board, expect!["passed"]);
}

#[test]
fn code_that_does_not_end_says_so() {
    let board = repl_board().on("\x05", prints("\r\n=== ")).on("\x04", prints("\r\n"));
    check(
        vec![boot(), within(500, paste(code("time.sleep(9)")))],
        &board,
        expect![[r#"
            failed at step 2 of 2, paste on line 10, 0.512900000 s
            code
            expected: the code to end within 500ms
            got:      it still runs, and printed nothing after 0.015 s
            hint: the code sleeps: give the step more machine time with `within:`
        "#]],
    );
}

#[test]
fn a_lost_byte_is_seen_in_the_echo() {
    let board = Scripted::new(&board())
        .at_start(after(10).prints(">>> "))
        .on("\x05", prints("\r\n=== "))
        .on("\x04", prints("run(\r\n>>> "));
    check(
        vec![boot(), within(500, paste(code("run()")))],
        &board,
        expect![[r#"
            failed at step 2 of 2, paste on line 10, 0.013901000 s
            output
            expected: the echo of the pasted code on uart0 within 500ms
            got:      "run(\n>>> "
            | run(
            | >>> 
            hint: does something print while the code is typed, or does the board lose bytes at this pace?
        "#]],
    );
}
