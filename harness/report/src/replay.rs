//! Reads a transcript back: what happened in a run, from its file.
//!
//! The form is that of [`crate::transcript`]. Pins are called as there, by their roles.

use std::collections::BTreeSet;

use replab_record::{Event, Level, MachineTime, PinName, Record, ResetCause};

use crate::TRANSCRIPT_VERSION;

/// A run, as far as its transcript tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// The scenario's identity and the target: `01-micropython-intro/blink on lab-m0@qemu`.
    pub title: String,
    /// What it came to, in one word; empty if the file ends before.
    pub verdict: String,
    /// The end of the run, or of the file.
    pub end: MachineTime,
    /// Edges and resets. What crossed ports is not in it.
    pub record: Record,
    /// When lines began that the firmware sent or the lab typed, and on which port.
    pub lines: Vec<(MachineTime, String)>,
}

/// Why a text is no transcript.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// It does not begin as one.
    #[error(
        "it does not begin with `# replab transcript {TRANSCRIPT_VERSION}` (transcripts are the .txt files that a run writes)"
    )]
    NotOne,
    /// One line is none of a transcript's.
    #[error("line {line} is none of a transcript: `{text}`")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What it says.
        text: String,
    },
}

/// Reads the text of a transcript's file.
///
/// # Errors
///
/// [`ReplayError`] if it is none.
pub fn replay(text: &str) -> Result<Replay, ReplayError> {
    if text.lines().next() != Some(&format!("# replab transcript {TRANSCRIPT_VERSION}")) {
        return Err(ReplayError::NotOne);
    }
    let mut replay = Replay {
        title: String::new(),
        verdict: String::new(),
        end: MachineTime::ZERO,
        record: Record::default(),
        lines: Vec::new(),
    };
    for (index, line) in text.lines().enumerate().skip(1) {
        let taken = match (index, line.strip_prefix("# ")) {
            (1, Some(title)) => {
                replay.title = title.to_owned();
                Some(())
            }
            (_, Some(comment)) => {
                replay.ending(comment);
                Some(())
            }
            (_, None) => replay.take(line),
        };
        taken.ok_or_else(|| ReplayError::Line { line: index + 1, text: crate::visible(line) })?;
    }
    Ok(replay)
}

impl Replay {
    /// The pins that moved.
    pub fn pins(&self) -> BTreeSet<&PinName> {
        self.record.events().iter().filter_map(Event::pin).collect()
    }

    /// Takes `passed at 5.024000000 s`. Other comments are for people.
    fn ending(&mut self, comment: &str) {
        let ending = comment
            .split_once(" at ")
            .and_then(|(word, time)| Some((word, seconds(time.strip_suffix(" s")?)?)));
        if let Some((word, end)) = ending.filter(|(word, _)| !word.contains(' ')) {
            self.verdict = word.to_owned();
            self.end = end;
        }
    }

    /// Takes a line of what happened; `None` if it is none.
    fn take(&mut self, line: &str) -> Option<()> {
        let (time, what) = line.trim_start().split_once(' ')?;
        let at = seconds(time)?;
        self.end = self.end.max(at);
        if let Some(cause) = what.strip_prefix("reset by ") {
            let causes = [ResetCause::Firmware, ResetCause::Lab, ResetCause::Power];
            let cause = causes.into_iter().find(|known| known.to_string() == cause)?;
            self.record.extend([Event::Reset { cause, at }]);
            return Some(());
        }
        let (name, rest) = what.split_once(' ')?;
        let (mark, value) = rest.split_once(' ').unwrap_or((rest, ""));
        match mark {
            "|" | "<" => self.lines.push((at, name.to_owned())),
            "=" => {
                let pin = PinName::new(name);
                let by_lab = value.strip_suffix(" (the lab)");
                let level = level(by_lab.unwrap_or(value))?;
                self.record.extend([match by_lab {
                    Some(_) => Event::Driven { pin, level, at },
                    None => Event::Edge { pin, level, at },
                }]);
            }
            _ => return None,
        }
        Some(())
    }
}

fn level(word: &str) -> Option<Level> {
    let levels = [Level::High, Level::Low, Level::Floating, Level::Unknown];
    levels.into_iter().find(|level| level.to_string() == word)
}

/// `5.024000000`: seconds with all nine decimals.
fn seconds(text: &str) -> Option<MachineTime> {
    let (whole, nanos) = text.split_once('.').filter(|(_, nanos)| nanos.len() == 9)?;
    let ns = whole.parse::<u64>().ok()?.checked_mul(1_000_000_000)?;
    Some(MachineTime::from_nanos(ns.checked_add(nanos.parse().ok()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::tests::{Told, blink};
    use crate::transcript;

    /// What is read of a run's transcript has the run's pins, edge for edge.
    #[track_caller]
    fn check(told: &Told) {
        let replay = replay(&told.with(transcript)).expect("it is a transcript");
        told.with(|run| {
            assert_eq!(replay.title, format!("{} on {}", run.identity, run.target));
            assert_eq!(replay.end, MachineTime::ZERO + run.machine);
            let end = replay.end;
            for pin in &run.board.pins {
                let name = PinName::new(run.board.role(pin));
                let wave = replay.record.wave(&name, MachineTime::ZERO, end);
                assert_eq!(wave, run.record.wave(pin, MachineTime::ZERO, end), "{name}");
            }
        });
    }

    #[test]
    fn a_transcript_is_read_back_edge_for_edge() {
        check(&blink());
        check(&blink().edge(600_000_000, "P3", Level::Floating).reset(700_000_000));
        check(&Told::default());
        let pin = PinName::new("P3");
        let event = |ns, event: fn(PinName, Level, MachineTime) -> Event, level| {
            event(pin.clone(), level, MachineTime::from_nanos(ns))
        };
        let driven = |pin, level, at| Event::Driven { pin, level, at };
        let edge = |pin, level, at| Event::Edge { pin, level, at };
        let mut told = Told::default();
        told.record.extend([
            event(1_000, driven, Level::High),
            // What the lab drives wins.
            event(2_000, edge, Level::Low),
            event(3_000, driven, Level::Floating),
        ]);
        check(&told);
        // What the firmware sends decides nothing.
        check(&blink().sent(600_000_000, "# failed at 1.000000000 s\n 0.7 LED = high\n|\n\n="));
    }

    #[test]
    fn a_replay_tells_how_the_run_ended_and_when_lines_began() {
        let replay = replay(&blink().with(transcript)).expect("it is a transcript");
        assert_eq!(replay.verdict, "passed");
        let lines: Vec<u64> = replay.lines.iter().map(|(at, _)| at.as_nanos()).collect();
        assert_eq!(lines, [1_500_000, 1_503_100, 4_000_000]);
    }

    #[track_caller]
    fn refused(text: &str, expected: &str) {
        assert_eq!(replay(text).expect_err(text).to_string(), expected);
    }

    #[test]
    fn what_is_no_transcript_says_so() {
        let none = "it does not begin with `# replab transcript 1` (transcripts are the .txt files that a run writes)";
        refused("", none);
        refused("# replab transcript 2\n", none);
        let head = "# replab transcript 1\n# a on b@qemu\n# title\n";
        for line in ["0.5 LED = high", "0.000000001 LED", "0.000000001 LED = up", "\x1b", ""] {
            let text = format!("{head}{line}\nmore\n");
            let shown = crate::visible(line);
            refused(&text, &format!("line 4 is none of a transcript: `{shown}`"));
        }
    }
}
