//! What is told of two targets that were compared: the first differences side by side,
//! and a table of all scenarios.

mod json;

use std::time::Duration;

use replab_record::{Comparison, Difference, Moment, NotComparable, Unplayed};

use crate::progress::skip_reason;
use crate::visible::{cut, visible_bytes};
use crate::{Paint, quantity, transcript::seconds};

pub use json::compared;

/// Characters of a moment's text that are shown at most: two of them and their times
/// have room on a wide terminal.
const MOMENT_WIDTH: usize = 44;

/// Decimals of a second that are shown.
const DECIMALS: usize = 6;

const HELP: &str = "  help: where targets may differ so, the scenario says it with its reason: \
    `tolerate:` (docs/compare.md)\n";

/// Two runs of one scenario, and how they compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The scenario's identity.
    pub identity: String,
    /// The targets, `BOARD@BACKEND`.
    pub targets: [String; 2],
    /// Machine time of each run, from the first power-on to the end.
    pub machine: [Duration; 2],
    /// How they compare.
    pub result: Result<Comparison, NotComparable>,
}

impl Compared {
    /// In one word or two.
    fn word(&self) -> &'static str {
        match &self.result {
            Ok(comparison) if comparison.differences.is_empty() => "equal",
            Ok(_) => "differs",
            Err(_) => "not comparable",
        }
    }

    /// The word, and what stands behind it.
    fn sentence(&self, paint: Paint) -> String {
        let word = paint.word(self.word());
        match &self.result {
            Ok(comparison) if comparison.differences.is_empty() => word,
            Ok(comparison) => format!("{word} in {}", aspects(comparison)),
            Err(reason) => format!("{word}: {}", unplayed(reason)),
        }
    }
}

/// The first difference of each aspect, side by side with both machine times; nothing
/// if there is none.
pub fn comparison_screen(compared: &Compared, paint: Paint) -> String {
    let Ok(comparison) = &compared.result else { return String::new() };
    if comparison.differences.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "{}  {}  {}\n",
        paint.word("differs"),
        compared.identity,
        compared.targets.join(", ")
    );
    for difference in &comparison.differences {
        text.push_str(&side_by_side(difference, &compared.targets, paint));
    }
    text.push_str(HELP);
    text
}

/// A row for each scenario, in their order: both machine times, and how they compare;
/// below it what was tolerated, and what was not compared.
pub fn comparison_table(all: &[Compared], paint: Paint) -> String {
    let Some(first) = all.first() else { return String::new() };
    let [one, two] = &first.targets;
    let width = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
    let names =
        width(&mut all.iter().map(|row| row.identity.chars().count()).chain(["scenario".len()]));
    let (one_width, two_width) = (one.chars().count().max(7), two.chars().count().max(7));
    let line = |name: &str, one: &str, two: &str, result: &str| {
        format!("{name:<names$}  {one:>one_width$}  {two:>two_width$}  {result}\n")
    };
    let mut text = paint.faint(line("scenario", one, two, "").trim_end()) + "\n";
    for row in all {
        let times = row.machine.map(|time| match time {
            Duration::ZERO => "-".to_owned(),
            time => quantity::duration(time),
        });
        text.push_str(&line(&row.identity, &times[0], &times[1], &row.sentence(paint)));
        let Ok(comparison) = &row.result else { continue };
        let notes = |word: &str, notes: &[String]| {
            let note = |note: &String| format!("  {word}: {}\n", visible_bytes(note.as_bytes()));
            notes.iter().map(note).collect::<String>()
        };
        text.push_str(&notes("not compared", &comparison.not_compared));
        text.push_str(&notes("tolerated", &comparison.tolerated));
    }
    text
}

fn aspects(comparison: &Comparison) -> String {
    let words = comparison.differences.iter().map(|difference| difference.aspect.word());
    words.collect::<Vec<_>>().join(", ")
}

/// Why there is nothing to compare, as the end of a sentence.
fn unplayed(reason: &NotComparable) -> String {
    let NotComparable { target, why } = reason;
    match why {
        Unplayed::Skipped(reason) => format!("skipped on {target}: {}", skip_reason(reason)),
        Unplayed::Broken(broken) => {
            let cause = broken.causes.first().map(String::as_str).unwrap_or_default();
            format!("broken on {target}: {}", cut(&visible_bytes(cause.as_bytes()), 80))
        }
    }
}

/// The rows of both targets in two columns; `>` is before the one that differs.
fn side_by_side(difference: &Difference, targets: &[String; 2], paint: Paint) -> String {
    let cells: Vec<[String; 2]> =
        difference.rows.iter().map(|row| row.each_ref().map(cell)).collect();
    let width = cells.iter().map(|[one, _]| one.chars().count()).max().unwrap_or(0);
    let width = width.max(targets[0].chars().count());
    let place = visible_bytes(difference.place.as_bytes());
    let head = format!("    {:<width$} | {}", targets[0], targets[1]);
    let mut text = format!("  {}: {place}\n{}\n", difference.aspect.word(), paint.faint(&head));
    // What is the same on both has the same text, whatever its times.
    let is_unlike = |row: &[Option<Moment>; 2]| {
        let [one, two] = row.each_ref().map(|moment| moment.as_ref().map(|it| it.text.trim_end()));
        one != two
    };
    for (row, [one, two]) in difference.rows.iter().zip(&cells) {
        let mark = if is_unlike(row) { '>' } else { ' ' };
        text.push_str(format!("  {mark} {one:<width$} | {two}").trim_end());
        text.push('\n');
    }
    text
}

fn cell(moment: &Option<Moment>) -> String {
    match moment {
        None => "nothing".to_owned(),
        Some(Moment { at, text }) => {
            let text = cut(&visible_bytes(text.as_bytes()), MOMENT_WIDTH);
            format!("{} s  {text}", seconds(*at, DECIMALS)).trim_end().to_owned()
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use expect_test::{Expect, expect};
    use replab_record::{Aspect, Broken, MachineTime, SkipReason};

    use super::*;

    fn moment(us: u64, text: &str) -> Option<Moment> {
        Some(Moment { at: MachineTime::from_nanos(us * 1_000), text: text.to_owned() })
    }

    fn pair(identity: &str, result: Result<Comparison, NotComparable>) -> Compared {
        Compared {
            identity: identity.to_owned(),
            targets: ["lab-m0@qemu".to_owned(), "pico@qemu".to_owned()],
            machine: [Duration::from_millis(6_070), Duration::from_millis(6_100)],
            result,
        }
    }

    fn not_comparable(target: &str, why: Unplayed) -> Result<Comparison, NotComparable> {
        Err(NotComparable { target: target.to_owned(), why })
    }

    /// One of each kind.
    pub(crate) fn pairs() -> Vec<Compared> {
        let transcript = Difference {
            aspect: Aspect::Transcript,
            place: "line 3 of uart0".to_owned(),
            rows: vec![
                [moment(10_000, ">>> x"), moment(20_000, ">>> x ")],
                [moment(14_101, "\x1b[2J°C"), moment(24_101, &"long ".repeat(20))],
            ],
        };
        let levels = Difference {
            aspect: Aspect::Levels,
            place: "level 1 of LED".to_owned(),
            rows: vec![[None, moment(1, "LED high")]],
        };
        let time = |at| moment(at, "LED high for 1ms");
        let time = Difference {
            aspect: Aspect::Time,
            place: "x".to_owned(),
            rows: vec![[time(1), time(2)]],
        };
        let differs = Comparison {
            differences: vec![transcript, levels, time],
            not_compared: vec!["times: main.py names `gc`".to_owned()],
            tolerated: vec!["the banner names the \x07 board".to_owned()],
        };
        let skipped = Unplayed::Skipped(SkipReason::OtherBoard { board: "pico".to_owned() });
        let causes = vec!["the emulator\n ended".to_owned()];
        let broken = Broken { step: None, causes, last_words: Vec::new() };
        vec![
            pair("intro/blink", Ok(Comparison::default())),
            pair("intro/a-longer-name", Ok(differs)),
            Compared {
                machine: [Duration::from_millis(5), Duration::ZERO],
                ..pair("intro/repl", not_comparable("pico@qemu", skipped))
            },
            pair("intro/x", not_comparable("lab-m0@qemu", Unplayed::Broken(Box::new(broken)))),
        ]
    }

    #[track_caller]
    fn check(text: &str, expected: &Expect) {
        expected.assert_eq(text);
    }

    #[test]
    fn differences_stand_side_by_side_with_both_times() {
        check(
            &comparison_screen(&pairs()[1], Paint::Plain),
            &expect![[r#"
            differs  intro/a-longer-name  lab-m0@qemu, pico@qemu
              transcript: line 3 of uart0
                lab-m0@qemu            | pico@qemu
                 0.010000 s  >>> x     |  0.020000 s  >>> x
              >  0.014101 s  \x1b[2J°C |  0.024101 s  long long long long long long long long long…
              levels: level 1 of LED
                lab-m0@qemu | pico@qemu
              > nothing     |  0.000001 s  LED high
              time: x
                lab-m0@qemu                   | pico@qemu
                 0.000001 s  LED high for 1ms |  0.000002 s  LED high for 1ms
              help: where targets may differ so, the scenario says it with its reason: `tolerate:` (docs/compare.md)
        "#]],
        );
    }

    #[test]
    fn who_is_equal_or_cannot_be_compared_has_no_screen() {
        for index in [0, 2, 3] {
            check(&comparison_screen(&pairs()[index], Paint::Plain), &expect![""]);
        }
    }

    #[test]
    fn the_table_has_a_row_for_each_scenario() {
        check(
            &comparison_table(&pairs(), Paint::Plain),
            &expect![[r#"
            scenario             lab-m0@qemu  pico@qemu
            intro/blink               6.07 s     6.10 s  equal
            intro/a-longer-name       6.07 s     6.10 s  differs in transcript, levels, time
              not compared: times: main.py names `gc`
              tolerated: the banner names the \x07 board
            intro/repl               5.00 ms          -  not comparable: skipped on pico@qemu: it does not list board pico
            intro/x                   6.07 s     6.10 s  not comparable: broken on lab-m0@qemu: the emulator\n ended
        "#]],
        );
        check(&comparison_table(&[], Paint::Plain), &expect![""]);
    }

    #[test]
    fn an_event_tells_all_of_it() {
        let event = |index: usize| {
            let text = compared(&pairs()[index]);
            let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
            format!("{value:#}")
        };
        check(
            &event(1),
            &expect![[r#"
            {
              "differences": [
                {
                  "aspect": "transcript",
                  "place": "line 3 of uart0",
                  "rows": [
                    [
                      {
                        "at_ns": 10000000,
                        "text": ">>> x"
                      },
                      {
                        "at_ns": 20000000,
                        "text": ">>> x "
                      }
                    ],
                    [
                      {
                        "at_ns": 14101000,
                        "text": "\u001b[2J°C"
                      },
                      {
                        "at_ns": 24101000,
                        "text": "long long long long long long long long long long long long long long long long long long long long "
                      }
                    ]
                  ]
                },
                {
                  "aspect": "levels",
                  "place": "level 1 of LED",
                  "rows": [
                    [
                      null,
                      {
                        "at_ns": 1000,
                        "text": "LED high"
                      }
                    ]
                  ]
                },
                {
                  "aspect": "time",
                  "place": "x",
                  "rows": [
                    [
                      {
                        "at_ns": 1000,
                        "text": "LED high for 1ms"
                      },
                      {
                        "at_ns": 2000,
                        "text": "LED high for 1ms"
                      }
                    ]
                  ]
                }
              ],
              "event": "compared",
              "machine_ns": [
                6070000000,
                6100000000
              ],
              "not_compared": [
                "times: main.py names `gc`"
              ],
              "result": "differs",
              "scenario": "intro/a-longer-name",
              "targets": [
                "lab-m0@qemu",
                "pico@qemu"
              ],
              "tolerated": [
                "the banner names the \u0007 board"
              ]
            }"#]],
        );
        check(
            &event(2),
            &expect![[r#"
            {
              "differences": [],
              "event": "compared",
              "machine_ns": [
                5000000,
                0
              ],
              "not_compared": [],
              "reason": {
                "target": "pico@qemu",
                "text": "skipped on pico@qemu: it does not list board pico"
              },
              "result": "not-comparable",
              "scenario": "intro/repl",
              "targets": [
                "lab-m0@qemu",
                "pico@qemu"
              ],
              "tolerated": []
            }"#]],
        );
    }
}
