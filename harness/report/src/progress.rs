//! What is shown for each run as it ends: one line, and what a reader would have
//! seen on the board.

use replab_record::{SkipReason, Timing, Verdict};

use crate::visible::{cut, visible_bytes};
use crate::{Note, Paint, Run, quantity, transcript::seconds, visible};

/// How many notes are shown at most; the last ones are left out.
const MOST_NOTES: usize = 8;

/// Characters of a note that are shown at most.
const NOTE_WIDTH: usize = 100;

/// The line for `run`, and below it what its notes say. A failed or broken run
/// gets the line too; its screen follows from [`crate::screen`].
pub fn progress(run: &Run<'_>, paint: Paint) -> String {
    let word = paint.word(&format!("{:<7}", run.word()));
    if let Verdict::Skipped(reason) = run.verdict {
        return format!("{word}  {}  {}  {}\n", run.identity, run.target, skip_reason(reason));
    }
    let timing = match run.timing {
        Timing::Exact => "",
        Timing::Wall => "  timing: wall",
    };
    let times = format!(
        "{} machine  {} wall{timing}",
        quantity::duration(run.machine),
        quantity::duration(run.wall)
    );
    let mut text = format!("{word}  {}  {}  {}\n", run.identity, run.target, paint.faint(&times));
    for note in run.notes.iter().take(MOST_NOTES) {
        text.push_str(&show(note, paint));
    }
    if let Some(more @ 1..) = run.notes.len().checked_sub(MOST_NOTES) {
        text.push_str(&format!("          … and {more} more\n"));
    }
    // Whatever else there is to see: the run says less of the real board than it seems.
    for found in run.findings {
        let told = visible_bytes(found.to_string().as_bytes());
        let at = format!("{} s", seconds(found.at, 3));
        text.push_str(&format!("  {}  finding: {told}\n", paint.faint(&at)));
    }
    text
}

/// Why a run was not played, as the end of a sentence, with the advice.
pub fn skip_reason(reason: &SkipReason) -> String {
    visible(&match reason {
        SkipReason::Lacks { target, capability } => {
            format!("{target} has no `{capability}`, which it needs")
        }
        SkipReason::NotInstalled { program, advice } => {
            format!("{program} is not installed ({advice})")
        }
        SkipReason::NoExactTime { why } => format!("it needs exact machine time, but {why}"),
        SkipReason::OtherBoard { board } => format!("it does not list board {board}"),
        SkipReason::NoFirmware { board, advice } => {
            format!("there is no firmware for {board} ({advice})")
        }
    })
}

fn show(note: &Note, paint: Paint) -> String {
    let text = cut(&visible_bytes(note.text.as_bytes()), NOTE_WIDTH);
    format!("  {}  {text}\n", paint.faint(&format!("{} s", seconds(note.at, 3))))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::run::tests::{Told, blink};

    #[track_caller]
    fn check(told: &Told, expected: &Expect) {
        expected.assert_eq(&told.with(|run| progress(run, Paint::Plain)));
    }

    #[test]
    fn a_passed_run_says_what_was_seen() {
        check(
            &blink(),
            &expect![[r#"
                passed   01-micropython-intro/blink  lab-m0@qemu  5.02 s machine  61.4 ms wall
                   0.003 s  printed: MicroPython v1.25.0 on lab-m0
                   5.024 s  LED: 5 periods of 1.000 s, duty 50.0 %
            "#]],
        );
    }

    #[test]
    fn what_is_not_emulated_is_told_whatever_else_there_is() {
        check(
            &(0..9).fold(Told::default(), |told, _| told.note(3_000_000, "n")).found(2),
            &expect![[r#"
                passed   01-micropython-intro/blink  lab-m0@qemu  5.02 s machine  61.4 ms wall
                   0.003 s  n
                   0.003 s  n
                   0.003 s  n
                   0.003 s  n
                   0.003 s  n
                   0.003 s  n
                   0.003 s  n
                   0.003 s  n
                          … and 1 more
                   0.007 s  finding: PIO0 register 0x50200010 was written, which only stores (pc 0x10001234, start; 2 accesses in all)
            "#]],
        );
    }

    #[test]
    fn a_run_by_the_desk_clock_says_so() {
        check(
            &Told::default().by_wall(),
            &expect![[r#"
                passed   01-micropython-intro/blink  lab-m0@qemu  5.02 s machine  61.4 ms wall  timing: wall
            "#]],
        );
    }

    #[test]
    fn a_run_with_many_notes_is_kept_short() {
        let told = (0..10).fold(Told::default(), |told, second| {
            told.note(second * 1_000_000_000, &"x".repeat(200))
        });
        check(
            &told,
            &expect![[r#"
                passed   01-micropython-intro/blink  lab-m0@qemu  5.02 s machine  61.4 ms wall
                   0.000 s  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
                   1.000 s  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
                   2.000 s  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
                   3.000 s  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
                   4.000 s  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
                   5.000 s  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
                   6.000 s  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
                   7.000 s  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
                          … and 2 more
            "#]],
        );
    }

    #[test]
    fn a_note_cannot_reach_the_terminal() {
        check(
            &Told::default().note(0, "printed: \x1b[2J\nsecond line"),
            &expect![[r#"
                passed   01-micropython-intro/blink  lab-m0@qemu  5.02 s machine  61.4 ms wall
                   0.000 s  printed: \x1b[2J\nsecond line
            "#]],
        );
    }

    #[test]
    fn a_skipped_run_says_why_and_what_would_help() {
        let advice = "cargo xtask setup".to_owned();
        check(
            &Told::default()
                .skipped(SkipReason::NotInstalled { program: "qemu-system-arm".into(), advice }),
            &expect![[r#"
                skipped  01-micropython-intro/blink  lab-m0@qemu  qemu-system-arm is not installed (cargo xtask setup)
            "#]],
        );
        check(
            &Told::default().skipped(SkipReason::Lacks {
                target: "lab-m0@qemu".into(),
                capability: "i2c".into(),
            }),
            &expect![[r#"
                skipped  01-micropython-intro/blink  lab-m0@qemu  lab-m0@qemu has no `i2c`, which it needs
            "#]],
        );
    }

    #[test]
    fn colour_is_only_where_it_was_asked_for() {
        let coloured = blink().with(|run| progress(run, Paint::Colour));
        assert!(coloured.starts_with("\x1b[32mpassed \x1b[0m"), "{coloured:?}");
        let plain = blink().with(|run| progress(run, Paint::Plain));
        assert!(!plain.contains('\x1b'), "{plain:?}");
    }
}
