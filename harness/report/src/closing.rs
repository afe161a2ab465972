//! What a person at a terminal wants to know at the end beside the counts: where
//! time went, how full memory was, and which snapshots wait.

use std::cmp::Reverse;
use std::time::Duration;

use replab_record::{Claim, Verdict};

use crate::visible::{cut, visible_bytes};
use crate::{Paint, Run, quantity};

/// How many of the slowest runs are named.
const SLOWEST: usize = 3;

/// How many runs there must be, for the slowest to be worth a line.
const MANY: usize = 5;

/// Lines about memory, and about snapshots, at most.
const MOST: usize = 5;

/// Characters of a line at most.
const WIDTH: usize = 160;

/// It, as far as runs have ended.
#[derive(Clone, Debug, Default)]
pub struct Closing {
    played: Vec<(Duration, String)>,
    memory: Vec<String>,
    snapshots: Vec<String>,
}

impl Closing {
    /// Takes one more run; `memory` is what was measured of its memory, in a line.
    pub fn add(&mut self, run: &Run<'_>, memory: Option<&str>) {
        if run.machine.is_zero() {
            return;
        }
        let name = format!("{} on {}", run.identity, run.target);
        self.memory.extend(memory.map(|memory| format!("{name}: {memory}")));
        if let Verdict::Failed(failure) = run.verdict
            && let Claim::Snapshot { file } = &failure.claim
        {
            let file = file.display().to_string();
            self.snapshots.push(format!("{file}: a new text beside it waits for review"));
        }
        self.played.push((run.wall, name));
    }

    /// The lines, each ended; none if there is nothing worth it.
    pub fn text(&self, paint: Paint) -> String {
        let mut slowest = self.played.clone();
        slowest.sort_by_key(|(wall, _)| Reverse(*wall));
        let slow =
            |(wall, name): (Duration, String)| format!("{} {name}", quantity::duration(wall));
        let is_many = slowest.len() >= MANY;
        let slowest: Vec<String> =
            slowest.into_iter().take(if is_many { SLOWEST } else { 0 }).map(slow).collect();
        [("slowest", &slowest), ("memory", &self.memory), ("snapshots", &self.snapshots)]
            .into_iter()
            .map(|(what, lines)| block(what, lines, paint))
            .collect()
    }
}

fn block(what: &str, lines: &[String], paint: Paint) -> String {
    let mut text = String::new();
    for (index, line) in lines.iter().take(MOST).enumerate() {
        let lead = if index == 0 { what } else { "" };
        let line = cut(&visible_bytes(line.as_bytes()), WIDTH);
        text.push_str(&format!("{}  {line}\n", paint.faint(&format!("{lead:<9}"))));
    }
    if let Some(more @ 1..) = lines.len().checked_sub(MOST) {
        text.push_str(&format!("           … and {more} more\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::run::tests::{Told, blink};

    #[track_caller]
    fn check(runs: &[Told], memory: Option<&str>, expected: &Expect) {
        let mut closing = Closing::default();
        for (index, told) in runs.iter().enumerate() {
            let wall = Duration::from_millis(100 + 10 * index as u64);
            told.with(|run| closing.add(&Run { wall, ..*run }, memory));
        }
        expected.assert_eq(&closing.text(Paint::Plain));
    }

    #[test]
    fn a_few_runs_that_pass_need_no_closing() {
        check(&[blink(), blink()], None, &expect![[r#""#]]);
    }

    #[test]
    fn of_many_the_slowest_are_named() {
        let runs: Vec<Told> = (0..6).map(|_| blink()).collect();
        check(
            &runs,
            None,
            &expect![[r#"
            slowest    150 ms 01-micropython-intro/blink on lab-m0@qemu
                       140 ms 01-micropython-intro/blink on lab-m0@qemu
                       130 ms 01-micropython-intro/blink on lab-m0@qemu
        "#]],
        );
    }

    #[test]
    fn memory_and_snapshots_are_told_and_cut() {
        let claim = || Claim::Snapshot { file: "scenarios/snapshots/\x1bblink.snap".into() };
        let runs: Vec<Told> = (0..7).map(|_| blink().failed(claim(), &[], "")).collect();
        check(
            &runs,
            Some("stack: 1776 of 8192 at most"),
            &expect![[r#"
            slowest    160 ms 01-micropython-intro/blink on lab-m0@qemu
                       150 ms 01-micropython-intro/blink on lab-m0@qemu
                       140 ms 01-micropython-intro/blink on lab-m0@qemu
            memory     01-micropython-intro/blink on lab-m0@qemu: stack: 1776 of 8192 at most
                       01-micropython-intro/blink on lab-m0@qemu: stack: 1776 of 8192 at most
                       01-micropython-intro/blink on lab-m0@qemu: stack: 1776 of 8192 at most
                       01-micropython-intro/blink on lab-m0@qemu: stack: 1776 of 8192 at most
                       01-micropython-intro/blink on lab-m0@qemu: stack: 1776 of 8192 at most
                       … and 2 more
            snapshots  scenarios/snapshots/\x1bblink.snap: a new text beside it waits for review
                       scenarios/snapshots/\x1bblink.snap: a new text beside it waits for review
                       scenarios/snapshots/\x1bblink.snap: a new text beside it waits for review
                       scenarios/snapshots/\x1bblink.snap: a new text beside it waits for review
                       scenarios/snapshots/\x1bblink.snap: a new text beside it waits for review
                       … and 2 more
        "#]],
        );
    }
}
