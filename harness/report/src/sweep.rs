//! Many runs of one sweep, in a few lines: how many came to what, for which values, and
//! what was seen where.

use std::time::Duration;

use replab_record::MachineTime;

use crate::screen::{headline, one_line};
use crate::transcript::seconds;
use crate::visible::cut;
use crate::{Paint, Run, quantity, visible};

/// Rows of the table at most; where there would be more, only verdicts tell them apart.
const MOST_ROWS: usize = 16;

/// Ranges of values in the first line at most.
const MOST_RANGES: usize = 6;

/// Characters of what was seen that are shown at most.
const WIDTH: usize = 120;

/// Lines at most about what was seen in all runs that passed.
const MOST_COMMON: usize = 8;

/// Findings that are told at most.
const MOST_FINDINGS: usize = 8;

/// The runs of a sweep on one target, in its order, as far as they have ended.
#[derive(Clone, Debug)]
pub struct Sweep {
    identity: String,
    target: String,
    rows: Vec<Row>,
    findings: Vec<(MachineTime, String)>,
    machine: Duration,
    wall: Duration,
}

/// One run.
#[derive(Clone, Debug)]
struct Row {
    values: Vec<(String, String)>,
    word: &'static str,
    seen: Vec<String>,
}

/// Runs that follow each other and do not differ.
struct Stretch<'a> {
    rows: &'a [Row],
    seen: String,
}

impl Sweep {
    /// That of the scenario file `identity` on `target`; no run has ended.
    pub fn new(identity: &str, target: &str) -> Sweep {
        Sweep {
            identity: identity.to_owned(),
            target: target.to_owned(),
            rows: Vec::new(),
            findings: Vec::new(),
            machine: Duration::ZERO,
            wall: Duration::ZERO,
        }
    }

    /// Takes the next run, which has these values for the names that are swept.
    pub fn add(&mut self, run: &Run<'_>, values: &[(String, String)]) {
        // A failure says what was not seen.
        let seen = match headline(run) {
            Some(headline) => vec![headline],
            None => run.notes.iter().map(|note| one_line(&note.text)).collect(),
        };
        for found in run.findings {
            let text = one_line(&found.to_string());
            if self.findings.iter().all(|(_, known)| *known != text) {
                self.findings.push((found.at, text));
            }
        }
        self.rows.push(Row { values: values.to_vec(), word: run.word(), seen });
        self.machine += run.machine;
        self.wall += run.wall;
    }

    /// The lines about it.
    pub fn text(&self, paint: Paint) -> String {
        let mut text = self.headline(paint);
        for line in self.common().iter().take(MOST_COMMON) {
            text.push_str(&format!("  {}  {line}\n", paint.faint("all")));
        }
        let labelled: Vec<(String, Stretch<'_>)> =
            self.stretches().into_iter().map(|one| (range(one.rows), one)).collect();
        let width = labelled.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
        for (label, Stretch { rows, seen }) in &labelled {
            let label = paint.faint(&format!("{label:<width$}"));
            let seen = match (rows[0].word, seen.as_str()) {
                (word, "") => paint.word(word),
                ("passed", seen) => seen.to_owned(),
                (word, seen) => format!("{}: {seen}", paint.word(word)),
            };
            text.push_str(&format!("  {label}  {seen}\n"));
        }
        for (at, found) in self.findings.iter().take(MOST_FINDINGS) {
            let at = format!("{} s", seconds(*at, 3));
            text.push_str(&format!("  {}  finding: {found}\n", paint.faint(&at)));
        }
        if let Some(more @ 1..) = self.findings.len().checked_sub(MOST_FINDINGS) {
            text.push_str(&format!("          … and {more} more findings\n"));
        }
        text
    }

    /// `failed   press  lab-m0@qemu  sweep of 200 runs: 197 passed, 3 failed (press-at 35ms … 45ms)  …`.
    fn headline(&self, paint: Paint) -> String {
        let words = ["failed", "broken", "passed", "skipped"];
        let has = |word: &&str| self.rows.iter().any(|row| row.word == *word);
        let worst = words.into_iter().find(has).unwrap_or("passed");
        let counts: Vec<String> = ["passed", "failed", "broken", "skipped"]
            .into_iter()
            .filter(has)
            .map(|word| {
                let count = self.rows.iter().filter(|row| row.word == word).count();
                match word {
                    "passed" | "skipped" => format!("{count} {word}"),
                    _ => format!("{count} {word} ({})", self.ranges(word)),
                }
            })
            .collect();
        format!(
            "{}  {}  {}  sweep of {} runs: {}  {}\n",
            paint.word(&format!("{worst:<7}")),
            visible(&self.identity),
            self.target,
            self.rows.len(),
            counts.join(", "),
            paint.faint(&format!(
                "{} machine  {} wall",
                quantity::duration(self.machine),
                quantity::duration(self.wall)
            ))
        )
    }

    /// For which values runs came to `word`.
    fn ranges(&self, word: &str) -> String {
        let stretches = self.rows.chunk_by(|one, next| one.word == next.word);
        let all: Vec<String> = stretches.filter(|rows| rows[0].word == word).map(range).collect();
        let more = all.len().saturating_sub(MOST_RANGES);
        let mut shown = all[..all.len() - more].join(", ");
        if more > 0 {
            shown.push_str(&format!(" and {more} more"));
        }
        // The name of the only one that is swept stands there once.
        match self.rows[0].values.as_slice() {
            [(name, _)] => format!("{name} {}", shown.replace(&format!("{name} "), "")),
            _ => shown,
        }
    }

    /// What was seen in each run that passed.
    fn common(&self) -> Vec<String> {
        let mut passed = self.rows.iter().filter(|row| row.word == "passed");
        let Some(first) = passed.next() else { return Vec::new() };
        let mut common = first.seen.clone();
        passed.for_each(|row| common.retain(|text| row.seen.contains(text)));
        common.iter().map(|text| cut(text, WIDTH)).collect()
    }

    /// The runs in which the same was seen, beside what is common to all; nothing if that
    /// is all of them.
    fn stretches(&self) -> Vec<Stretch<'_>> {
        let common = self.common();
        let own = |row: &Row| -> String {
            let own =
                row.seen.iter().map(|text| cut(text, WIDTH)).filter(|text| !common.contains(text));
            own.collect::<Vec<_>>().join("; ")
        };
        let fine = self.rows.chunk_by(|one, next| one.word == next.word && own(one) == own(next));
        let fine: Vec<_> = fine.map(|rows| Stretch { rows, seen: own(&rows[0]) }).collect();
        if fine.len() == 1 && fine[0].seen.is_empty() {
            return Vec::new();
        }
        if fine.len() <= MOST_ROWS {
            return fine;
        }
        let coarse = self.rows.chunk_by(|one, next| one.word == next.word);
        let from_to = |rows: &[Row]| match (own(&rows[0]), own(&rows[rows.len() - 1])) {
            (first, last) if first == last => first,
            (first, last) => format!("{first} … {last}"),
        };
        coarse.take(MOST_ROWS).map(|rows| Stretch { rows, seen: from_to(rows) }).collect()
    }
}

/// A line for a run of a sweep that did not pass, where one before is told in full.
pub fn unlike_line(run: &Run<'_>, paint: Paint) -> String {
    let word = paint.word(&format!("{:<7}", run.word()));
    let why = headline(run).unwrap_or_default();
    format!("{word}  {}  {}  {}\n", visible(run.identity), run.target, cut(&why, WIDTH))
}

/// `press-at 35ms … 45ms`; `press-at 35ms, level high … press-at 45ms, level low`.
fn range(rows: &[Row]) -> String {
    let label = |row: &Row| {
        let values: Vec<String> =
            row.values.iter().map(|(name, value)| format!("{name} {value}")).collect();
        visible(&values.join(", "))
    };
    let (first, last) = (&rows[0], &rows[rows.len() - 1]);
    match (rows.len(), first.values.as_slice(), last.values.as_slice()) {
        (1, ..) => label(first),
        (_, [(name, one)], [(_, other)]) => {
            let between = if rows.len() == 2 { "," } else { " …" };
            visible(&format!("{name} {one}{between} {other}"))
        }
        _ => format!("{} … {}", label(first), label(last)),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use replab_record::{Claim, SkipReason};

    use super::*;
    use crate::run::tests::Told;

    /// What runs with these values come to.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
    fn check(runs: &[(&[(&str, &str)], Told)], expected: Expect) {
        let mut sweep = Sweep::new("button/press", "lab-m0@qemu");
        for (values, told) in runs {
            let values: Vec<_> =
                values.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
            told.with(|run| sweep.add(run, &values));
        }
        expected.assert_eq(&sweep.text(Paint::Plain));
    }

    fn saw(text: &str) -> Told {
        Told::default().note(1_000, "printed: MicroPython").note(2_000, text)
    }

    fn failed(got: &str) -> Told {
        let claim = Claim::Output { expected: "\"saw 1\"".into(), got: got.into() };
        saw("printed: saw 0").failed(claim, &[], "")
    }

    /// A sweep over milliseconds.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
    fn check_times(runs: impl IntoIterator<Item = (u32, Told)>, expected: Expect) {
        let runs: Vec<_> = runs.into_iter().map(|(ms, told)| (format!("{ms}ms"), told)).collect();
        let runs: Vec<_> = runs.iter().map(|(ms, told)| ([("at", ms.as_str())], told)).collect();
        let mut sweep = Sweep::new("button/press", "lab-m0@qemu");
        for (values, told) in &runs {
            let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
            told.with(|run| sweep.add(run, &values));
        }
        expected.assert_eq(&sweep.text(Paint::Plain));
    }

    #[test]
    fn runs_in_which_the_same_was_seen_are_one_line() {
        check_times(
            (0..40).map(|run| {
                (
                    run * 5,
                    saw(if (7..10).contains(&run) { "printed: saw 0" } else { "printed: saw 1" }),
                )
            }),
            expect![[r#"
                passed   button/press  lab-m0@qemu  sweep of 40 runs: 40 passed  200 s machine  2.45 s wall
                  all  printed: MicroPython
                  at 0ms … 30ms    printed: saw 1
                  at 35ms … 45ms   printed: saw 0
                  at 50ms … 195ms  printed: saw 1
            "#]],
        );
        check_times(
            (0..3).map(|run| (run, saw("printed: saw 1"))),
            expect![[r#"
            passed   button/press  lab-m0@qemu  sweep of 3 runs: 3 passed  15.0 s machine  184 ms wall
              all  printed: MicroPython
              all  printed: saw 1
        "#]],
        );
    }

    #[test]
    fn failures_are_named_by_ranges_of_values() {
        let told = |run: u32| match run {
            7..10 => failed("\"saw 0\""),
            20 => failed("nothing\x1b"),
            30 | 31 => saw("x").broken(&["the emulator ended"], &[]),
            _ => saw("printed: saw 1"),
        };
        check_times(
            (0..40).map(|run| (run * 5, told(run))),
            expect![[r#"
                failed   button/press  lab-m0@qemu  sweep of 40 runs: 34 passed, 4 failed (at 35ms … 45ms, 100ms), 2 broken (at 150ms, 155ms)  200 s machine  2.45 s wall
                  all  printed: MicroPython
                  all  printed: saw 1
                  at 0ms … 30ms     passed
                  at 35ms … 45ms    failed: expected "saw 1", got "saw 0"
                  at 50ms … 95ms    passed
                  at 100ms          failed: expected "saw 1", got nothing\x1b
                  at 105ms … 145ms  passed
                  at 150ms, 155ms   broken: the emulator ended
                  at 160ms … 195ms  passed
            "#]],
        );
    }

    #[test]
    fn where_each_run_differs_only_verdicts_tell_them_apart() {
        let told = |run: u32| match run {
            50.. => failed(&format!("\"saw {run}\"")),
            _ => saw(&format!("LED: {run} edges")),
        };
        check_times(
            (0..60).map(|run| (run, told(run))),
            expect![[r#"
            failed   button/press  lab-m0@qemu  sweep of 60 runs: 50 passed, 10 failed (at 50ms … 59ms)  301 s machine  3.68 s wall
              all  printed: MicroPython
              at 0ms … 49ms   LED: 0 edges … LED: 49 edges
              at 50ms … 59ms  failed: expected "saw 1", got "saw 50" … expected "saw 1", got "saw 59"
        "#]],
        );
    }

    #[test]
    fn several_names_and_findings_are_told() {
        check(
            &[
                (&[("level", "high"), ("at", "1ms")], saw("printed: 1").found(1)),
                (&[("level", "high"), ("at", "2ms")], saw("printed: 1").found(1)),
                (&[("level", "low"), ("at", "1ms")], saw("printed: 0")),
                (&[("level", "low"), ("at", "2ms")], failed("\"saw 2\"")),
            ],
            expect![[r#"
                failed   button/press  lab-m0@qemu  sweep of 4 runs: 3 passed, 1 failed (level low, at 2ms)  20.0 s machine  245 ms wall
                  all  printed: MicroPython
                  level high, at 1ms … level high, at 2ms  printed: 1
                  level low, at 1ms                        printed: 0
                  level low, at 2ms                        failed: expected "saw 1", got "saw 2"
                   0.007 s  finding: PIO0 register 0x50200010 was written, which only stores (pc 0x10001234, start)
            "#]],
        );
    }

    #[test]
    fn a_sweep_that_is_not_played_says_so() {
        let reason =
            || SkipReason::Lacks { target: "lab-m0@qemu".into(), capability: "i2c".into() };
        check_times(
            (0..3).map(|run| (run, Told::default().skipped(reason()))),
            expect![[r#"
            skipped  button/press  lab-m0@qemu  sweep of 3 runs: 3 skipped  0 ns machine  184 ms wall
              at 0ms … 2ms  skipped: lab-m0@qemu has no `i2c`, which it needs
        "#]],
        );
    }

    #[test]
    fn a_failure_that_is_not_the_first_takes_a_line() {
        failed("\"saw 0\"").with(|run| {
            expect![[r#"
                failed   01-micropython-intro/blink  lab-m0@qemu  expected "saw 1", got "saw 0"
            "#]]
            .assert_eq(&unlike_line(run, Paint::Plain));
        });
    }
}
