//! What is wrong on purpose must fail, and say what the scenario claims.

use expect_test::{Expect, expect};
use replab_scenario::TextPattern;

use super::*;

/// A board that says two lines.
fn says() -> Scripted {
    Scripted::new(&board()).at_start(after(10).prints("saw 3\r\nsaw 4\r\n"))
}

/// What a scenario that must fail saying `says` comes to when it waits for `wanted`.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
fn check(says_: &str, wanted: &str, expected: Expect) {
    let fails = Some(TextPattern::Text(says_.to_string()));
    let outcome = run(&Scenario { fails, ..scenario(vec![expect_text(wanted)]) }, &says());
    let wanted = outcome.wanted.map(|failure| format!("{:?}\n", failure.claim));
    let text = format!("{}{}", shown(&outcome.verdict), wanted.unwrap_or_default());
    expected.assert_eq(&text);
}

#[test]
fn a_failure_that_says_it_is_a_pass() {
    check(
        "saw 4",
        "saw 9",
        expect![[r#"
        passedOutput { expected: "\"saw 9\" on uart0 within 2s", got: "\"saw 3\\nsaw 4\\n\"" }
    "#]],
    );
}

#[test]
fn another_failure_is_one() {
    check(
        "no prompt",
        "saw 9",
        expect![[r#"
        failed at step 1 of 1, expect on line 10, 2.000000000 s
        failure
        expected: a failure that says "no prompt"
        got:      another one: "saw 9" on uart0 within 2s; "saw 3\nsaw 4\n"; the processor is busy in 0x00000000, 16 of 16 looks within 592us
    "#]],
    );
}

#[test]
fn a_pass_is_a_failure() {
    check(
        "saw 4",
        "saw 3",
        expect![[r#"
        failed at no step, 0.060400000 s
        failure
        expected: a failure that says "saw 4"
        got:      none: each step passed
        hint: what is wrong on purpose is not noticed by any step: claim more
    "#]],
    );
}

#[test]
fn answers_that_are_wrong_on_purpose_are_never_accepted() {
    let fails = Some(TextPattern::Text("four".to_string()));
    let wrong = Scenario { fails, ..scenario(vec![expect_text("four")]) };
    let options = Options { accept_answers: true, ..options() };
    let outcome = play(&wrong, &board(), "test-board@scripted", None, says().machine(), &options);
    assert_eq!((outcome.verdict, outcome.answers), (Verdict::Passed, Vec::new()));
}
