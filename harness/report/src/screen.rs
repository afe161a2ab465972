//! The screens of runs that did not pass.
//!
//! A failed run says what was expected, what came, when, where the rest is and
//! how to see it again. A broken one says what the lab could not do, and nothing
//! about the firmware; the two share no headline.

use replab_record::{Broken, Claim, Failure, MachineTime, StepPlace, Verdict};
use similar::TextDiff;

use crate::lines::{Line, What, lines};
use crate::progress::skip_reason;
use crate::transcript::seconds;
use crate::visible::{cut, visible_bytes};
use crate::{Files, Paint, Run};

/// How many of the last lines of output a screen shows.
const LAST_LINES: usize = 8;

/// Characters of a line of output that a screen shows at most.
const LINE_WIDTH: usize = 120;

/// Characters of the sentence about a crash that a screen shows at most.
const SENTENCE: usize = 400;

/// How many calls of a chain a screen shows at most: the innermost ones.
const MOST_CALLS: usize = 10;

/// How many lines of details a screen shows at most.
const MOST_DETAILS: usize = 40;

/// What a screen's `help:` lines need to know of the place.
#[derive(Clone, Copy, Debug)]
pub struct Help<'a> {
    /// What was written of the run.
    pub files: Files<'a>,
    /// The command that plays this run again: `cargo xtask emulate blink --target lab-m0@qemu`.
    pub again: &'a str,
}

/// The screen for `run` if it failed or is broken; `None` if it passed or was skipped.
pub fn screen(run: &Run<'_>, help: Help<'_>, paint: Paint) -> Option<String> {
    match run.verdict {
        Verdict::Passed | Verdict::Skipped(_) => None,
        Verdict::Failed(failure) => Some(failed(run, failure, help, paint)),
        Verdict::Broken(broken) => Some(lab_broken(run, broken, help, paint)),
    }
}

/// Why `run` did not pass, in a line; `None` if it did. What firmware sent is made
/// visible in it.
pub(crate) fn headline(run: &Run<'_>) -> Option<String> {
    match run.verdict {
        Verdict::Passed => None,
        Verdict::Failed(failure) => Some(claim(failure)),
        Verdict::Broken(broken) => Some(broken.causes.first().map_or_else(
            || "the lab could not tell".to_owned(),
            |cause| cut(&one_line(cause), SENTENCE),
        )),
        Verdict::Skipped(reason) => Some(skip_reason(reason)),
    }
}

/// The step at which `run` ended, if it failed or is broken and a step is to blame.
pub(crate) fn step_of<'a>(run: &Run<'a>) -> Option<&'a StepPlace> {
    match run.verdict {
        Verdict::Failed(failure) => failure.step.as_ref(),
        Verdict::Broken(broken) => broken.step.as_ref(),
        Verdict::Passed | Verdict::Skipped(_) => None,
    }
}

fn failed(run: &Run<'_>, failure: &Failure, help: Help<'_>, paint: Paint) -> String {
    let mut page = Page::default();
    page.line(&format!(
        "{}: scenario `{}` failed on {}",
        paint.word("error"),
        run.identity,
        run.target
    ));
    let place = failure.step.as_ref().map_or_else(|| "throughout".to_owned(), place);
    page.line(&format!("  {place}: {}", claim(failure)));
    // The details of an answer are a diff already.
    if failure.details.is_empty() {
        page.indented(&differences(&failure.claim));
    }
    match failure.claim {
        Claim::Snapshot { .. } => page.diff(&failure.details, paint),
        _ => page.indented(&failure.details),
    }
    page.diagnosis(failure);
    match failure.claim {
        Claim::Wave { .. } => page.output_around(run, failure.at),
        _ => page.output(run),
    }
    let mut hints = Vec::new();
    hints.extend((!failure.hint.is_empty()).then(|| one_line(&failure.hint)));
    hints.extend(help.files.transcript.map(|file| format!("whole transcript in {file}")));
    hints.extend(help.files.vcd.map(|file| format!("for a wave viewer: {file}")));
    hints.push(format!("again: {}", help.again));
    hints
        .extend(run.waits_for_review().then(|| format!("if it is right: {} --accept", help.again)));
    page.help(&hints);
    page.text
}

fn lab_broken(run: &Run<'_>, broken: &Broken, help: Help<'_>, paint: Paint) -> String {
    let mut page = Page::default();
    let headline = "the lab could not tell how scenario";
    page.line(&format!(
        "{}: {headline} `{}` ends on {}",
        paint.word("broken"),
        run.identity,
        run.target
    ));
    let place = broken.step.as_ref().map_or_else(|| "before the first step".to_owned(), place);
    page.line(&format!("  {place}"));
    for (depth, cause) in broken.causes.iter().enumerate() {
        let lead = if depth == 0 { "  " } else { "  because: " };
        page.line(&format!("{lead}{}", one_line(cause)));
    }
    for word in &broken.last_words {
        page.line(&format!("  emulator | {}", cut(&one_line(word), LINE_WIDTH)));
    }
    page.output(run);
    let mut hints =
        vec!["this says nothing about the firmware; `doctor` looks at the lab".to_owned()];
    let files = [help.files.transcript, help.files.vcd];
    hints.extend(
        files.into_iter().flatten().map(|file| format!("what came until then is in {file}")),
    );
    hints.push(format!("again: {}", help.again));
    page.help(&hints);
    page.text
}

/// A screen that is being written.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// Lines of a diff: what is stored and what came, each in its colour.
    fn diff(&mut self, lines: &[String], paint: Paint) {
        let painted: Vec<String> =
            lines.iter().map(|line| paint.difference(&cut(&one_line(line), LINE_WIDTH))).collect();
        self.lines(&painted);
    }

    fn indented(&mut self, details: &[String]) {
        let lines = details.iter().flat_map(|detail| detail.lines());
        let lines: Vec<String> = lines.map(|line| cut(&one_line(line), LINE_WIDTH)).collect();
        self.lines(&lines);
    }

    /// At most so many lines as a screen has room for.
    fn lines(&mut self, lines: &[String]) {
        for line in lines.iter().take(MOST_DETAILS) {
            self.line(&format!("    {line}"));
        }
        if let Some(more @ 1..) = lines.len().checked_sub(MOST_DETAILS) {
            self.line(&format!("    … and {more} more lines"));
        }
    }

    /// What the firmware was doing. Its sentence is the claim's already where the claim is a crash.
    fn diagnosis(&mut self, failure: &Failure) {
        let Some(diagnosis) = failure.diagnosis.as_deref() else { return };
        if !matches!(failure.claim, Claim::Crash { .. }) {
            self.line(&format!("  {}", one_line(&diagnosis.sentence)));
        }
        let calls: Vec<_> = diagnosis.chain.chunk_by(|one, next| one == next).collect();
        for (index, same) in calls.iter().take(MOST_CALLS).enumerate() {
            let lead = if index == 0 { "at" } else { "called from" };
            let times = match same.len() {
                1 => String::new(),
                count => format!(", {count} times over"),
            };
            self.line(&format!("    {lead} {}{times}", one_line(&same[0].to_string())));
        }
        if let Some(more @ 1..) = calls.len().checked_sub(MOST_CALLS) {
            self.line(&format!("    … and {more} more calls"));
        }
        for line in &diagnosis.registers {
            self.line(&format!("    {}", one_line(line)));
        }
    }

    /// The last lines that the firmware sent.
    fn output(&mut self, run: &Run<'_>) {
        let lines = lines(run.record);
        let sent: Vec<&Line<'_>> = lines.iter().filter(|line| is_sent(line)).collect();
        sent.iter().skip(sent.len().saturating_sub(LAST_LINES)).for_each(|line| self.sent(line));
    }

    /// The lines that the firmware sent around `time`, and where that is between them.
    fn output_around(&mut self, run: &Run<'_>, time: MachineTime) {
        let lines = lines(run.record);
        let sent: Vec<&Line<'_>> = lines.iter().filter(|line| is_sent(line)).collect();
        let then = sent.partition_point(|line| line.at <= time);
        let (before, after) = sent.split_at(then);
        before
            .iter()
            .skip(before.len().saturating_sub(LAST_LINES / 2))
            .for_each(|line| self.sent(line));
        if !sent.is_empty() {
            self.line(&format!("  here  | {} |", seconds(time, 3)));
        }
        after.iter().take(LAST_LINES / 2).for_each(|line| self.sent(line));
    }

    /// One line that the firmware sent.
    fn sent(&mut self, line: &Line<'_>) {
        if let What::Sent { port, bytes } = &line.what {
            let text = cut(&visible_bytes(bytes), LINE_WIDTH);
            self.line(&format!("  {port} | {} | {text}", seconds(line.at, 3)));
        }
    }

    fn help(&mut self, hints: &[String]) {
        for (index, hint) in hints.iter().enumerate() {
            let lead = if index == 0 { "  help: " } else { "        " };
            self.line(&format!("{lead}{hint}"));
        }
    }
}

fn is_sent(line: &Line<'_>) -> bool {
    matches!(line.what, What::Sent { .. })
}

/// `step 3 of 5, FILE:12`; the author's name for the step too, if there is one.
fn place(place: &StepPlace) -> String {
    let StepPlace { number, of, file, line, title } = place;
    // The language's own words for steps have no blank in them.
    let name =
        if title.contains(' ') { format!(" “{}”", one_line(title)) } else { String::new() };
    format!("step {number} of {of}{name}, {}:{line}", file.display())
}

/// What was claimed and what came, as the end of a sentence. What takes more than
/// a line is left to [`differences`].
pub fn claim(failure: &Failure) -> String {
    match &failure.claim {
        Claim::Crash { expected, got } => {
            format!("expected {}, got {}", one_line(expected), cut(&one_line(got), SENTENCE))
        }
        Claim::Answer { typed, expected, got } => {
            format!(
                "`{}` was typed: {}",
                one_line(typed.trim_end()),
                sentence(&quoted(expected), &quoted(got))
            )
        }
        Claim::Snapshot { file } if failure.details.is_empty() => {
            format!("there is no snapshot {} yet", file.display())
        }
        Claim::Snapshot { file } => {
            format!("this differs from the snapshot {}", file.display())
        }
        other => {
            let (expected, got) = other.sides().unwrap_or_default();
            sentence(expected, got)
        }
    }
}

fn sentence(expected: &str, got: &str) -> String {
    if expected.contains('\n') || got.contains('\n') {
        return "expected other text (-) than came (+)".to_owned();
    }
    format!("expected {}, got {}", one_line(expected), cut(&one_line(got), LINE_WIDTH))
}

/// `text` in quotes if it is one line, as it is if it is more.
fn quoted(text: &str) -> String {
    let text = text.strip_suffix('\n').unwrap_or(text);
    match text {
        "" => "no output".to_owned(),
        more if more.contains('\n') => more.to_owned(),
        line => format!("{line:?}"),
    }
}

/// The lines that differ, where a claim takes more than one.
fn differences(claim: &Claim) -> Vec<String> {
    let Some((expected, got)) = claim.sides() else { return Vec::new() };
    let (expected, got) = (expected.trim_end_matches('\n'), got.trim_end_matches('\n'));
    if !expected.contains('\n') && !got.contains('\n') {
        return Vec::new();
    }
    let diff = TextDiff::from_lines(expected, got);
    diff.iter_all_changes()
        .map(|change| format!("{} {}", change.tag(), change.value().trim_end()))
        .collect()
}

pub(crate) fn one_line(text: &str) -> String {
    visible_bytes(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use replab_record::{CodePlace, Diagnosis, Trouble};

    use super::*;
    use crate::run::tests::{Told, blink};

    #[track_caller]
    fn check(told: &Told, expected: &Expect) {
        let help = Help {
            files: Files {
                transcript: Some("target/replab/01-micropython-intro/blink.lab-m0.qemu.txt"),
                vcd: None,
            },
            again: "cargo xtask emulate 01-micropython-intro/blink --target lab-m0@qemu",
        };
        expected.assert_eq(&told.with(|run| screen(run, help, Paint::Plain)).unwrap_or_default());
    }

    fn answer(expected: &str, got: &str) -> Claim {
        Claim::Answer { typed: "pico.status()".into(), expected: expected.into(), got: got.into() }
    }

    fn place(function: &str, line: u32) -> CodePlace {
        CodePlace {
            address: 0x12a4,
            function: Some(function.into()),
            offset: 6,
            file: Some("/port/main.c".into()),
            line: Some(line),
        }
    }

    #[test]
    fn a_crash_shows_where_it_was_and_who_called_that() {
        let sentence = "HardFault: the stack has run over in `recurse` (main.c:28)";
        let diagnosis = Diagnosis {
            trouble: Trouble::Fault,
            sentence: sentence.into(),
            registers: vec!["r0  0x00000000  r1  0x00000001".into()],
            chain: vec![place("recurse", 28), place("recurse", 28), place("main", 40)],
        };
        let claim = Claim::Crash { expected: "no crash".into(), got: sentence.into() };
        check(
            &blink().failed(claim, &[], "").diagnosed(diagnosis),
            &expect![[r#"
            error: scenario `01-micropython-intro/blink` failed on lab-m0@qemu
              step 3 of 5, scenarios/01-micropython-intro/blink.yaml:12: expected no crash, got HardFault: the stack has run over in `recurse` (main.c:28)
                at recurse (main.c:28), 2 times over
                called from main (main.c:40)
                r0  0x00000000  r1  0x00000001
              uart0 |  0.001 | MicroPython v1.25.0 on lab-m0
              uart0 |  0.001 | >>> blink(led, 6)
              help: whole transcript in target/replab/01-micropython-intro/blink.lab-m0.qemu.txt
                    again: cargo xtask emulate 01-micropython-intro/blink --target lab-m0@qemu
        "#]],
        );
    }

    #[test]
    fn what_did_not_come_is_followed_by_what_the_firmware_did() {
        let diagnosis = Diagnosis {
            trouble: Trouble::Hang,
            sentence: "the processor is busy in poll (main.c:12), 16 of 16 looks within 592us"
                .into(),
            registers: vec![],
            chain: vec![place("poll", 12)],
        };
        let claim = Claim::Output { expected: "\"done\" on uart0".into(), got: "nothing".into() };
        check(
            &blink().failed(claim, &[], "").diagnosed(diagnosis),
            &expect![[r#"
            error: scenario `01-micropython-intro/blink` failed on lab-m0@qemu
              step 3 of 5, scenarios/01-micropython-intro/blink.yaml:12: expected "done" on uart0, got nothing
              the processor is busy in poll (main.c:12), 16 of 16 looks within 592us
                at poll (main.c:12)
              uart0 |  0.001 | MicroPython v1.25.0 on lab-m0
              uart0 |  0.001 | >>> blink(led, 6)
              help: whole transcript in target/replab/01-micropython-intro/blink.lab-m0.qemu.txt
                    again: cargo xtask emulate 01-micropython-intro/blink --target lab-m0@qemu
        "#]],
        );
    }

    #[test]
    fn a_failed_wave_shows_its_edges() {
        let claim =
            Claim::Wave { expected: "period 1 s ±1 % on LED".into(), got: "1.104 s".into() };
        check(
            &blink().failed(claim, &["rises at      falls at", "0.005000000   0.505000000"], ""),
            &expect![[r#"
                error: scenario `01-micropython-intro/blink` failed on lab-m0@qemu
                  step 3 of 5, scenarios/01-micropython-intro/blink.yaml:12: expected period 1 s ±1 % on LED, got 1.104 s
                    rises at      falls at
                    0.005000000   0.505000000
                  uart0 |  0.001 | MicroPython v1.25.0 on lab-m0
                  uart0 |  0.001 | >>> blink(led, 6)
                  here  |  5.024 |
                  help: whole transcript in target/replab/01-micropython-intro/blink.lab-m0.qemu.txt
                        again: cargo xtask emulate 01-micropython-intro/blink --target lab-m0@qemu
            "#]],
        );
    }

    #[test]
    fn a_wrong_answer_shows_what_was_typed() {
        check(
            &blink().failed(answer("42\n", "41\n"), &[], ""),
            &expect![[r#"
                error: scenario `01-micropython-intro/blink` failed on lab-m0@qemu
                  step 3 of 5, scenarios/01-micropython-intro/blink.yaml:12: `pico.status()` was typed: expected "42", got "41"
                  uart0 |  0.001 | MicroPython v1.25.0 on lab-m0
                  uart0 |  0.001 | >>> blink(led, 6)
                  help: whole transcript in target/replab/01-micropython-intro/blink.lab-m0.qemu.txt
                        again: cargo xtask emulate 01-micropython-intro/blink --target lab-m0@qemu
            "#]],
        );
        check(
            &blink().failed(answer("42\n", ""), &[], ""),
            &expect![[r#"
                error: scenario `01-micropython-intro/blink` failed on lab-m0@qemu
                  step 3 of 5, scenarios/01-micropython-intro/blink.yaml:12: `pico.status()` was typed: expected "42", got no output
                  uart0 |  0.001 | MicroPython v1.25.0 on lab-m0
                  uart0 |  0.001 | >>> blink(led, 6)
                  help: whole transcript in target/replab/01-micropython-intro/blink.lab-m0.qemu.txt
                        again: cargo xtask emulate 01-micropython-intro/blink --target lab-m0@qemu
            "#]],
        );
    }

    #[test]
    fn an_answer_of_several_lines_is_set_side_by_side() {
        check(
            &blink().failed(answer("RAM: 1\nClock: 133\n", "RAM: 2\nClock: 133\n"), &[], ""),
            &expect![[r#"
                error: scenario `01-micropython-intro/blink` failed on lab-m0@qemu
                  step 3 of 5, scenarios/01-micropython-intro/blink.yaml:12: `pico.status()` was typed: expected other text (-) than came (+)
                    - RAM: 1
                    + RAM: 2
                      Clock: 133
                  uart0 |  0.001 | MicroPython v1.25.0 on lab-m0
                  uart0 |  0.001 | >>> blink(led, 6)
                  help: whole transcript in target/replab/01-micropython-intro/blink.lab-m0.qemu.txt
                        again: cargo xtask emulate 01-micropython-intro/blink --target lab-m0@qemu
            "#]],
        );
    }

    #[test]
    fn output_of_the_firmware_is_shown_and_not_obeyed() {
        let claim = Claim::Output {
            expected: "\">>> \" on uart0 within 2 s".into(),
            got: "\x1b[2J".into(),
        };
        let told =
            Told::default().sent(397_000_000, b"\x1b[2J\x1b]0;owned\x07\r\nhard\x08 fault\xff\n");
        check(
            &told.failed(claim, &["\x1b[31mred"], "look at boot.py"),
            &expect![[r#"
                error: scenario `01-micropython-intro/blink` failed on lab-m0@qemu
                  step 3 of 5, scenarios/01-micropython-intro/blink.yaml:12: expected ">>> " on uart0 within 2 s, got \x1b[2J
                    \x1b[31mred
                  uart0 |  0.397 | \x1b[2J\x1b]0;owned\x07
                  uart0 |  0.397 | hard\x08 fault\xff
                  help: look at boot.py
                        whole transcript in target/replab/01-micropython-intro/blink.lab-m0.qemu.txt
                        again: cargo xtask emulate 01-micropython-intro/blink --target lab-m0@qemu
            "#]],
        );
    }

    #[test]
    fn a_new_snapshot_says_how_to_take_it() {
        let claim =
            Claim::Snapshot { file: "scenarios/01-micropython-intro/snapshots/blink.snap".into() };
        check(
            &Told::default().failed(claim, &["+ >>> blink(led, 6)"], ""),
            &expect![[r#"
                error: scenario `01-micropython-intro/blink` failed on lab-m0@qemu
                  step 3 of 5, scenarios/01-micropython-intro/blink.yaml:12: this differs from the snapshot scenarios/01-micropython-intro/snapshots/blink.snap
                    + >>> blink(led, 6)
                  help: whole transcript in target/replab/01-micropython-intro/blink.lab-m0.qemu.txt
                        again: cargo xtask emulate 01-micropython-intro/blink --target lab-m0@qemu
                        if it is right: cargo xtask emulate 01-micropython-intro/blink --target lab-m0@qemu --accept
            "#]],
        );
    }

    #[test]
    fn a_broken_lab_does_not_look_like_a_failure() {
        let told = blink().broken(
            &["qemu-system-arm ended during `go 1000000` (signal 9)", "the socket is closed"],
            &["qemu: fatal: \x1b[31mno"],
        );
        check(
            &told,
            &expect![[r#"
                broken: the lab could not tell how scenario `01-micropython-intro/blink` ends on lab-m0@qemu
                  step 3 of 5, scenarios/01-micropython-intro/blink.yaml:12
                  qemu-system-arm ended during `go 1000000` (signal 9)
                  because: the socket is closed
                  emulator | qemu: fatal: \x1b[31mno
                  uart0 |  0.001 | MicroPython v1.25.0 on lab-m0
                  uart0 |  0.001 | >>> blink(led, 6)
                  help: this says nothing about the firmware; `doctor` looks at the lab
                        what came until then is in target/replab/01-micropython-intro/blink.lab-m0.qemu.txt
                        again: cargo xtask emulate 01-micropython-intro/blink --target lab-m0@qemu
            "#]],
        );
    }

    #[test]
    fn long_output_is_cut() {
        let claim =
            Claim::Crash { expected: "no crash".into(), got: "HardFault at 0x000012a4".into() };
        let told = (0..20).fold(Told::default(), |told, line| {
            told.sent(line * 1_000_000, format!("line {line}\n"))
        });
        let told = told.sent(21_000_000, "x".repeat(1_000));
        check(
            &told.failed(claim, &[], ""),
            &expect![[r#"
                error: scenario `01-micropython-intro/blink` failed on lab-m0@qemu
                  step 3 of 5, scenarios/01-micropython-intro/blink.yaml:12: expected no crash, got HardFault at 0x000012a4
                  uart0 |  0.013 | line 13
                  uart0 |  0.014 | line 14
                  uart0 |  0.015 | line 15
                  uart0 |  0.016 | line 16
                  uart0 |  0.017 | line 17
                  uart0 |  0.018 | line 18
                  uart0 |  0.019 | line 19
                  uart0 |  0.021 | xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
                  help: whole transcript in target/replab/01-micropython-intro/blink.lab-m0.qemu.txt
                        again: cargo xtask emulate 01-micropython-intro/blink --target lab-m0@qemu
            "#]],
        );
    }

    #[test]
    fn a_wrong_wave_shows_what_was_sent_around_it() {
        let claim = Claim::Wave { expected: "1 rising edge".into(), got: "none".into() };
        let told = (0..20).fold(Told::default(), |told, line| {
            told.sent(4_900_000_000 + line * 20_000_000, format!("line {line}\n"))
        });
        check(
            &told.failed(claim, &[], ""),
            &expect![[r#"
            error: scenario `01-micropython-intro/blink` failed on lab-m0@qemu
              step 3 of 5, scenarios/01-micropython-intro/blink.yaml:12: expected 1 rising edge, got none
              uart0 |  4.960 | line 3
              uart0 |  4.980 | line 4
              uart0 |  5.000 | line 5
              uart0 |  5.020 | line 6
              here  |  5.024 |
              uart0 |  5.040 | line 7
              uart0 |  5.060 | line 8
              uart0 |  5.080 | line 9
              uart0 |  5.100 | line 10
              help: whole transcript in target/replab/01-micropython-intro/blink.lab-m0.qemu.txt
                    again: cargo xtask emulate 01-micropython-intro/blink --target lab-m0@qemu
        "#]],
        );
    }

    #[test]
    fn what_passed_has_no_screen() {
        check(&blink(), &expect![""]);
    }
}
