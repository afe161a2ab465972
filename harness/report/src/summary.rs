//! The last lines: what it all came to.

use std::time::Duration;

use crate::{ComparedTally, Paint, Tally, quantity};

/// The counts, the two clocks, and the reasons of what was skipped. `wall` is that of the whole command,
/// which is less than the sum of its runs if several played at once.
pub fn summary(tally: &Tally, wall: Duration, paint: Paint) -> String {
    let mut parts = Vec::new();
    for (count, word) in [
        (tally.passed, "passed"),
        (tally.failed, "failed"),
        (tally.broken, "broken"),
        (tally.skipped, "skipped"),
    ] {
        // What is zero is left out, but for `passed`.
        if count > 0 || word == "passed" {
            let review =
                if word == "failed" && tally.pending > 0 { review(tally) } else { String::new() };
            parts.push(format!("{count} {}{review}", paint.word(word)));
        }
    }
    let times =
        format!("{} machine, {} wall", quantity::duration(tally.machine), quantity::duration(wall));
    let mut text = format!("{}; {}\n", parts.join(", "), paint.faint(&times));
    if tally.by_wall > 0 {
        text.push_str(&format!("  {} played by the desk clock (timing: wall)\n", tally.by_wall));
    }
    if tally.marginal > 0 {
        let claims = if tally.marginal == 1 { "claim is" } else { "claims are" };
        text.push_str(&format!(
            "  {} {claims} {}: within 5 % of a limit (--strict makes that a failure)\n",
            tally.marginal,
            paint.word("marginal")
        ));
    }
    if tally.not_compared > 0 {
        let count = tally.not_compared;
        text.push_str(&format!(
            "  {count} not compared: exact figures of firmware that another compiler built\n"
        ));
    }
    if let Some(compared) = tally.compared {
        text.push_str(&format!("  {}\n", pairs(compared, paint)));
    }
    for (reason, count) in &tally.skip_reasons {
        text.push_str(&format!("  {count} skipped: {}\n", reason));
    }
    text
}

/// `3 compared: 1 equal, 2 differ`.
fn pairs(compared: ComparedTally, paint: Paint) -> String {
    let counts = [
        (compared.equal, "equal"),
        (compared.differing, "differ"),
        (compared.not_comparable, "not comparable"),
    ];
    // What is zero is left out, but for `equal`.
    let counts = counts.into_iter().filter(|(count, word)| *count > 0 || *word == "equal");
    let counts: Vec<_> =
        counts.map(|(count, word)| format!("{count} {}", paint.word(word))).collect();
    format!("{} compared: {}", compared.all(), counts.join(", "))
}

fn review(tally: &Tally) -> String {
    format!(" ({} only for review of a snapshot)", tally.pending)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use replab_record::{Claim, SkipReason};

    use super::*;
    use crate::run::tests::{Told, blink};

    #[track_caller]
    fn check(runs: &[Told], expected: &Expect) {
        let mut tally = Tally::default();
        for run in runs {
            run.with(|run| tally.add(run));
        }
        expected.assert_eq(&summary(&tally, Duration::from_millis(120), Paint::Plain));
    }

    #[test]
    fn what_passed_is_counted() {
        check(
            &[blink(), blink()],
            &expect![[r#"
            2 passed; 10.0 s machine, 120 ms wall
        "#]],
        );
    }

    #[test]
    fn runs_by_the_desk_clock_are_counted() {
        check(
            &[blink(), blink().by_wall()],
            &expect![[r#"
            2 passed; 10.0 s machine, 120 ms wall
              1 played by the desk clock (timing: wall)
        "#]],
        );
    }

    #[test]
    fn what_was_not_compared_is_counted() {
        let tally = Tally { passed: 2, not_compared: 1, ..Tally::default() };
        expect![[r#"
            2 passed; 0 ns machine, 120 ms wall
              1 not compared: exact figures of firmware that another compiler built
        "#]]
        .assert_eq(&summary(&tally, Duration::from_millis(120), Paint::Plain));
    }

    #[test]
    fn pairs_of_runs_are_counted_by_how_they_compare() {
        let summary = |compared| {
            let tally = Tally { passed: 2, compared: Some(compared), ..Tally::default() };
            summary(&tally, Duration::from_millis(120), Paint::Plain)
        };
        let some = ComparedTally { equal: 0, differing: 2, not_comparable: 1 };
        expect![[r#"
            2 passed; 0 ns machine, 120 ms wall
              3 compared: 0 equal, 2 differ, 1 not comparable
        "#]]
        .assert_eq(&summary(some));
        expect![[r#"
            2 passed; 0 ns machine, 120 ms wall
              1 compared: 1 equal
        "#]]
        .assert_eq(&summary(ComparedTally { equal: 1, ..ComparedTally::default() }));
    }

    #[test]
    fn claims_that_hardly_held_are_counted() {
        check(
            &[blink().marginal("period 1s ±1% on LED", "1.0099s"), blink()],
            &expect![[r#"
            2 passed; 10.0 s machine, 120 ms wall
              1 claim is marginal: within 5 % of a limit (--strict makes that a failure)
        "#]],
        );
    }

    #[test]
    fn every_kind_is_counted_apart_and_skips_have_their_reasons() {
        let lacks = |word: &str| SkipReason::Lacks {
            target: "lab-m0@qemu".into(),
            capability: word.into(),
        };
        let wave = Claim::Wave { expected: "period 1 s".into(), got: "2 s".into() };
        check(
            &[
                blink().failed(wave, &[], ""),
                blink().failed(Claim::Snapshot { file: "a.snap".into() }, &[], ""),
                blink().broken(&["the emulator ended"], &[]),
                blink().skipped(lacks("i2c")),
                blink().skipped(lacks("irq")),
                blink().skipped(lacks("i2c")),
            ],
            &expect![[r#"
                0 passed, 2 failed (1 only for review of a snapshot), 1 broken, 3 skipped; 15.0 s machine, 120 ms wall
                  2 skipped: lab-m0@qemu has no `i2c`, which it needs
                  1 skipped: lab-m0@qemu has no `irq`, which it needs
            "#]],
        );
    }
}
