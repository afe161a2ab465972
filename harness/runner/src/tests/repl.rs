//! `repl`: typing, continuation lines, answers.

use expect_test::expect;

use super::*;

/// What MicroPython echoes when one backspace takes back an auto-indent.
const TAKEN_BACK: &str = "\x08\x08\x08\x08\x1b[K";

#[test]
fn an_answer_is_what_comes_between_the_echo_and_the_prompt() {
    let board = repl_board().on("6 * 7\r", prints("42\r\n>>> "));
    check(vec![boot(), repl(">>> 6 * 7\n42")], &board, expect!["passed"]);
}

#[test]
fn a_statement_answers_nothing() {
    let board = repl_board().on("x = 1\r", prints(">>> ")).on("x\r", prints("1\r\n>>> "));
    check(vec![boot(), repl(">>> x = 1\n>>> x\n1")], &board, expect!["passed"]);
}

#[test]
fn a_wrong_answer_shows_the_line_and_the_difference() {
    let board = repl_board().on("f()\r", after(3).prints("one\r\ntwo\r\n>>> "));
    check(
        vec![boot(), repl(">>> f()\none\nthree")],
        &board,
        expect![[r#"
            failed at step 2 of 2, repl on line 11, 0.018601000 s
            typed:    "f()"
            expected: "one\nthree"
            got:      "one\ntwo"
            | line 2 should be "three" and is "two"
            | @@ -1,2 +1,2 @@
            |  one
            | -three
            | +two
        "#]],
    );
}

#[test]
fn an_answer_may_come_late_but_not_too_late() {
    let board = repl_board().on("f()\r", after(1500).prints("done\r\n>>> "));
    check(vec![boot(), repl(">>> f()\ndone")], &board, expect!["passed"]);
    check(
        vec![boot(), within(1000, repl(">>> f()\ndone"))],
        &board,
        expect![[r#"
            failed at step 2 of 2, repl on line 11, 1.012900000 s
            output
            expected: prompt ">>> " after "f()" on uart0 within 1s
            got:      nothing after 0.013 s
            hint: it comes at 1.514 s, too late for line 11: give the step `within: 2s`
        "#]],
    );
}

#[test]
fn the_whole_step_has_one_deadline() {
    let slow = || after(400).prints(">>> ");
    let board = repl_board().on("f()\r", slow());
    check(vec![boot(), within(1000, repl(">>> f()\n>>> f()"))], &board, expect!["passed"]);
    check(
        vec![boot(), within(1000, repl(">>> f()\n>>> f()\n>>> f()"))],
        &board,
        expect![[r#"
            failed at step 2 of 2, repl on line 13, 1.012900000 s
            output
            expected: prompt ">>> " after "f()" on uart0 within 1s
            got:      nothing after 0.816 s
            hint: it comes at 1.217 s, too late for line 13: give the step `within: 1.5s`
        "#]],
    );
}

#[test]
fn a_hint_says_that_the_code_sleeps() {
    check(
        vec![boot(), repl(">>> time.sleep(9)")],
        &repl_board(),
        expect![[r#"
            failed at step 2 of 2, repl on line 11, 2.012900000 s
            output
            expected: prompt ">>> " after "time.sleep(9)" on uart0 within 2s
            got:      nothing after 0.014 s
            hint: the code sleeps: give the step more machine time with `within:`
        "#]],
    );
}

#[test]
fn a_prompt_after_half_a_line_is_found() {
    let board = repl_board().on("print('x', end='')\r", prints("x>>> "));
    check(vec![boot(), repl(">>> print('x', end='')\nx")], &board, expect!["passed"]);
}

#[test]
fn prompt_characters_inside_a_line_are_no_prompt() {
    let board = repl_board().on("f()\r", prints("a >>> b\r\n>>> "));
    check(vec![boot(), repl(">>> f()\na >>> b")], &board, expect!["passed"]);
}

#[test]
fn a_line_that_begins_like_a_prompt_is_none() {
    let board = repl_board().on("f()\r", prints(">>> is the prompt\r\n>>> "));
    check(vec![boot(), repl(">>> f()\n<any>>> is the prompt")], &board, expect!["passed"]);
}

#[test]
fn dots_that_a_program_prints_are_no_continuation() {
    let board = repl_board().on("f()\r", prints("... and so on\r\n>>> "));
    check(vec![boot(), repl(">>> f()\n<any> and so on")], &board, expect!["passed"]);
}

/// A REPL that indents by itself, as MicroPython's does, for the block of the tests below.
fn indenting() -> Scripted {
    repl_board()
        .on("for n in range(2):\r", prints("...     "))
        .on(":\rprint(n)\r", prints("...     "))
        .on("\x08", prints(TAKEN_BACK))
        .on("\x08\r", prints("0\r\n1\r\n>>> "))
}

#[test]
fn a_block_is_typed_as_the_repl_indents_it() {
    let transcript = ">>> for n in range(2):\n...     print(n)\n...\n0\n1";
    check_transcript(
        vec![boot(), repl(transcript)],
        &indenting(),
        expect![[r#"
        MicroPython v1
        >>> for n in range(2):
        ...     print(n)
        ... 
        0
        1
        >>> "#]],
    );
}

#[test]
fn the_empty_line_that_ends_a_block_may_be_left_out() {
    let transcript = ">>> for n in range(2):\n...     print(n)\n0\n1";
    check(vec![boot(), repl(transcript)], &indenting(), expect!["passed"]);
}

#[test]
fn a_repl_that_does_not_indent_gets_the_lines_as_they_are() {
    let board = repl_board()
        .on("for n in range(2):\r", prints("... "))
        .on(":\r    print(n)\r", prints("... "))
        .on("print(n)\r\r", prints("0\r\n1\r\n>>> "));
    let transcript = ">>> for n in range(2):\n...     print(n)\n...\n0\n1";
    check_transcript(
        vec![boot(), repl(transcript)],
        &board,
        expect![[r#"
        MicroPython v1
        >>> for n in range(2):
        ...     print(n)
        ... 
        0
        1
        >>> "#]],
    );
}

#[test]
fn a_part_of_an_auto_indent_is_taken_back() {
    let board = repl_board()
        .on("if a:\r", prints("...     "))
        .on("\rb()\r", prints("...     "))
        .on("\x08", prints(TAKEN_BACK))
        .on("\x08else:\r", prints("...     "))
        .on("else:\rc()\r", prints("...     "))
        .on("c()\r\x08\r", prints(">>> "));
    let transcript = ">>> if a:\n...     b()\n... else:\n...     c()\n...";
    check_transcript(
        vec![boot(), repl(transcript)],
        &board,
        expect![[r#"
        MicroPython v1
        >>> if a:
        ...     b()
        ... else:
        ...     c()
        ... 
        >>> "#]],
    );
}

#[test]
fn a_statement_that_never_ends_says_so() {
    let board = repl_board().on("\r", prints("... "));
    check(
        vec![boot(), repl(">>> f(")],
        &board,
        expect![[r#"
            failed at step 2 of 2, repl on line 11, 0.016302000 s
            output
            expected: prompt ">>> " after "f("
            got:      prompt "... "
            hint: the statement is not complete: a bracket or a string is still open
        "#]],
    );
}

#[test]
fn a_block_that_ends_early_says_so() {
    let board = repl_board().on("x = 1\r", prints(">>> "));
    check(
        vec![boot(), repl(">>> x = 1\n... y = 2")],
        &board,
        expect![[r#"
            failed at step 2 of 2, repl on line 11, 0.015001000 s
            output
            expected: prompt "... " after "x = 1"
            got:      prompt ">>> "
            hint: the statement was complete: give the next one its own `>>> `
        "#]],
    );
}

#[test]
fn a_board_that_takes_nothing_says_so() {
    let mute = Scripted::new(&board()).at_start(prints(">>> "));
    check(
        vec![boot(), repl(">>> 1")],
        &mute,
        expect![[r#"
            failed at step 2 of 2, repl on line 11, 2.001300000 s
            output
            expected: the echo of "1" on uart0 within 2s
            got:      nothing after 0.000 s
        "#]],
    );
}

#[test]
fn after_send_the_next_prompt_is_awaited_before_typing() {
    let board = repl_board()
        .on("slow()\r", after(300).prints("ready\r\n>>> "))
        .on("slow()\r1\r", prints("1\r\n>>> "));
    check(vec![boot(), send("slow()\r"), repl(">>> 1\n1")], &board, expect!["passed"]);
}

#[test]
fn no_prompt_to_type_at_says_what_stands_there() {
    let board = repl_board().on("\x05", prints("\r\npaste mode\r\n=== "));
    check(
        vec![boot(), key(b"\x05"), repl(">>> 1")],
        &board,
        expect![[r#"
            failed at step 3 of 3, repl on line 11, 2.013000001 s
            output
            expected: prompt ">>> " on uart0 within 2s
            got:      "\npaste mode\n=== "
            hint: the board is in paste mode: `key: ctrl-d` ends it
        "#]],
    );
}

#[test]
fn characters_that_the_repl_drops_are_not_passed_over() {
    let ascii = Scripted::new(&board())
        .at_start(after(10).prints(">>> "))
        .on("print('12 °C')\r", prints("print('12 C')\r\n12 C\r\n>>> "));
    check(
        vec![boot(), repl(">>> print('12 °C')\n12 °C")],
        &ascii,
        expect![[r#"
        failed at step 2 of 2, repl on line 11, 0.014301000 s
        output
        expected: the echo of "print('12 °C')"
        got:      the echo "print('12 C')"
        hint: this REPL takes ASCII only where one types: use `exec` or `paste` for the rest
    "#]],
    );
    let utf8 = repl_board().on("print('12 °C')\r", prints("12 °C\r\n>>> "));
    check(vec![boot(), repl(">>> print('12 °C')\n12 °C")], &utf8, expect!["passed"]);
}

#[test]
fn what_an_answer_captures_can_be_expected_later() {
    let board = repl_board()
        .on("f()\r", prints("free 17 of x\r\n>>> "))
        .on("g()\r", prints("17\r\n>>> "))
        .on("h()\r", prints("18\r\n>>> "));
    let steps = |last: &str| {
        vec![boot(), repl(">>> f()\nfree <free:int> of <what:any>\n>>> g()\n<=free>"), repl(last)]
    };
    check(steps(">>> g()\n<=free>"), &board, expect!["passed"]);
    check(
        steps(">>> h()\n<=free>"),
        &board,
        expect![[r#"
        failed at step 3 of 3, repl on line 11, 0.020803000 s
        typed:    "h()"
        expected: "<=free>"
        got:      "18"
        | line 1 should be "<=free>" and is "18"
        | @@ -1 +1 @@
        | -<=free>
        | +18
        | <=free> is "17"
    "#]],
    );
}

#[test]
fn answers_that_are_accepted_are_kept_and_the_run_goes_on() {
    let board = repl_board().on("f()\r", prints("1\r\n>>> ")).on("g()\r", prints("2\r\n>>> "));
    let steps = vec![boot(), repl(">>> f()\n5\n>>> g()\n<int>\n>>> f()\n6")];
    let options = Options { accept_answers: true, ..options() };
    let (scenario, machine) = (scenario(steps), board.machine());
    let outcome = play(&scenario, &self::board(), "test-board@script", None, machine, &options);
    assert_eq!(outcome.verdict, Verdict::Passed);
    let answers =
        outcome.answers.iter().map(|one| (one.line, one.old.as_str(), one.new.trim_end()));
    assert_eq!(answers.collect::<Vec<_>>(), [(11, "5", "1"), (15, "6", "1")]);
}
