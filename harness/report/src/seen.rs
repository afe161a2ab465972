//! What somebody at the board would have seen, in a few notes.

use replab_board::Board;
use replab_record::{Edge, Event, Level, MachineTime, PinName, Record, Wave};

use crate::Note;
use crate::lines::{What, lines};
use crate::visible::visible_bytes;

/// How many printed lines are noted, with the last one more; the rest is counted.
const MOST_PRINTED: usize = 4;

/// How lines begin that are not a program's output: what the REPL echoes while
/// one types (prompts of its three modes) and what it says when it starts
/// (MicroPython's pyexec.c and main.c of its ports).
const REPL_LINES: [&str; 7] =
    [">>> ", "... ", "=== ", "paste mode; ", "raw REPL; ", "MicroPython v", "Type \"help()\""];

/// How lines of a traceback begin that say less than its last one.
const TRACEBACK_LINES: [&str; 2] = ["Traceback (most recent call last):", "  File \""];

/// Notes about `record`, oldest first: what was printed (the echo of what was
/// typed left out), what each pin of `board` did, and `figures`, the notes of
/// steps that measured something. A pin that a figure names (`LED: …`) gets no other note.
pub fn seen(record: &Record, board: &Board, figures: Vec<Note>) -> Vec<Note> {
    let mut notes = printed(record);
    let is_named = |word: &str| {
        figures
            .iter()
            .any(|figure| figure.text.strip_prefix(word).is_some_and(|rest| rest.starts_with(':')))
    };
    let named = |pin: &PinName| is_named(board.role(pin)) || is_named(pin.as_str());
    notes.extend(
        board.pins.iter().filter(|pin| !named(pin)).filter_map(|pin| moved(record, board, pin)),
    );
    notes.extend(figures);
    notes.sort_by_key(|note| note.at);
    notes
}

/// The first lines that were printed, the last one, and how many came between.
fn printed(record: &Record) -> Vec<Note> {
    let mut notes: Vec<Note> = lines(record)
        .into_iter()
        .filter_map(|line| match line.what {
            What::Sent { bytes, .. } => Some(Note { at: line.at, text: output_of(&bytes)? }),
            _ => None,
        })
        .collect();
    if let Some(between @ 1..) = notes.len().checked_sub(MOST_PRINTED + 1) {
        notes.drain(MOST_PRINTED..MOST_PRINTED + between);
        notes[MOST_PRINTED].text.push_str(&format!(" (after {between} more lines)"));
    }
    notes.into_iter().map(|note| Note { text: format!("printed: {}", note.text), ..note }).collect()
}

/// The part of a line that a program printed, if there is one.
fn output_of(line: &[u8]) -> Option<String> {
    let line = without_frame(line)?;
    let text = visible_bytes(line);
    let text = text.trim_end();
    let begins = |begin: &&str| text.starts_with(begin) || text == begin.trim_end();
    let is_told_otherwise = REPL_LINES.iter().any(begins) || TRACEBACK_LINES.iter().any(begins);
    (!text.is_empty() && !is_told_otherwise).then(|| text.to_owned())
}

/// `line` without what MicroPython's raw REPL sets around output: `>OK…\x04`.
/// `None` for the handshake of raw-paste mode, which is no output.
fn without_frame(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\x04").unwrap_or(line);
    if line.starts_with(b">R\x01") || line == b">" {
        return None;
    }
    Some(line.strip_prefix(b">OK").unwrap_or(line))
}

fn moved(record: &Record, board: &Board, pin: &PinName) -> Option<Note> {
    let by_firmware = |event: &Event| matches!(event, Event::Edge { pin: on, .. } if on == pin);
    record.events().iter().find(|event| by_firmware(event))?;
    let wave = record.wave(pin, MachineTime::ZERO, MachineTime::from_nanos(u64::MAX));
    let last =
        wave.edges.iter().rev().find(|edge| matches!(edge.level, Level::High | Level::Low))?;
    let rises = rises(&wave).count();
    // The idle line of a port, whose bits are not drawn, rises once in each start.
    let is_port = board.ports.values().any(|port| port.pins.contains(pin));
    let is_reset = |event: &&Event| matches!(event, Event::Reset { .. });
    if is_port && rises <= 1 + record.events().iter().filter(is_reset).count() {
        return None;
    }
    let times = if rises == 1 { "once".to_owned() } else { format!("{rises} times") };
    Some(Note {
        at: last.at,
        text: format!("{}: went high {times}, {} from here on", board.role(pin), last.level),
    })
}

fn rises(wave: &Wave) -> impl Iterator<Item = &Edge> {
    wave.edges.iter().filter(|edge| edge.level == Level::High)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::run::tests::{Told, blink};

    #[track_caller]
    fn check(told: &Told, figures: &[&str], expected: &Expect) {
        let figures = figures
            .iter()
            .map(|text| Note { at: MachineTime::from_nanos(700_000_000), text: text.to_string() });
        let notes = told.with(|run| seen(run.record, run.board, figures.collect()));
        let text: String =
            notes.iter().map(|note| format!("{:.3} {}\n", note.at, note.text)).collect();
        expected.assert_eq(&text);
    }

    #[test]
    fn the_echo_of_what_was_typed_is_no_output() {
        let told = Told::default().sent(
            1_000_000,
            "MicroPython v1.25.0 on lab-m0\r\nType \"help()\" for more information.\r\n>>> 6 * 7\r\n42\r\n>>> ",
        );
        check(
            &told,
            &[],
            &expect![[r#"
            0.001 s printed: 42
        "#]],
        );
    }

    #[test]
    fn output_of_the_raw_repl_is_freed_of_its_frame() {
        let told = Told::default().sent(
            1_000_000,
            "raw REPL; CTRL-B to exit\r\n>R\x01\x20\x01\x04RAM: 1\r\n\x04\x04>OKtwo\x04\x04>",
        );
        check(
            &told,
            &[],
            &expect![[r#"
                0.001 s printed: RAM: 1
                0.001 s printed: two
            "#]],
        );
    }

    #[test]
    fn many_lines_are_counted_and_the_last_is_shown() {
        let told = (1..=9).fold(Told::default(), |told, line| {
            told.sent(line * 1_000_000, format!("line {line}\n"))
        });
        check(
            &told,
            &[],
            &expect![[r#"
            0.001 s printed: line 1
            0.002 s printed: line 2
            0.003 s printed: line 3
            0.004 s printed: line 4
            0.009 s printed: line 9 (after 4 more lines)
        "#]],
        );
    }

    #[test]
    fn five_lines_are_shown_whole() {
        let told = (1..=5).fold(Told::default(), |told, line| {
            told.sent(line * 1_000_000, format!("line {line}\n"))
        });
        check(
            &told,
            &[],
            &expect![[r#"
            0.001 s printed: line 1
            0.002 s printed: line 2
            0.003 s printed: line 3
            0.004 s printed: line 4
            0.005 s printed: line 5
        "#]],
        );
    }

    #[test]
    fn the_idle_line_of_a_port_is_no_news_and_its_use_as_a_pin_is() {
        let on_port = |pins: &[&str]| {
            let mut told = blink();
            let port = told.board.ports.values_mut().next().expect("it has one");
            port.pins = pins.iter().map(|pin| PinName::new(*pin)).collect();
            told
        };
        check(&on_port(&["P25"]), &[], &expect![""]);
        let started_anew =
            on_port(&["P25"]).reset(700_000_000).edge(800_000_000, "P25", Level::High);
        check(&started_anew, &[], &expect![""]);
        let again = on_port(&["P25"]).edge(800_000_000, "P25", Level::High);
        check(
            &again,
            &[],
            &expect![[r#"
            0.800 s LED: went high 2 times, high from here on
        "#]],
        );
    }

    #[test]
    fn a_pin_says_how_often_it_went_high_unless_a_step_measured_it() {
        check(
            &blink(),
            &[],
            &expect![[r#"
            0.505 s LED: went high once, low from here on
        "#]],
        );
        check(
            &blink(),
            &["P2: 5 periods of 1.000 s"],
            &expect![[r#"
            0.505 s LED: went high once, low from here on
            0.700 s P2: 5 periods of 1.000 s
        "#]],
        );
        check(
            &blink(),
            &["LED: 5 periods of 1.000 s"],
            &expect![[r#"
            0.700 s LED: 5 periods of 1.000 s
        "#]],
        );
    }
}
