//! What GitHub Actions shows: annotations and the step summary; and a guard, because
//! it obeys what a step prints.
//!
//! The runner takes a line that begins with `::` after blanks as a command, and in the
//! older form `##[` anywhere in a line (actions/runner 2.3xx, `ActionCommand.cs`:
//! `TryParseV2`, `TryParse`). Firmware decides parts of what we print, so everything but
//! our own annotations passes through [`guarded`] or [`guarded_json`]. How a command
//! is escaped is in actions/toolkit, `packages/core/src/command.ts`.

use std::time::Duration;

use replab_record::{Marginal, Verdict};

use crate::screen::{headline, one_line, step_of};
use crate::{Paint, Run, Tally, summary, visible};

/// Runs that did not pass and have their screen in the step summary, at most.
const MOST_SCREENS: usize = 30;

/// Characters of a screen there at most. All together stay below the 1 MiB that
/// GitHub takes of a step.
const SCREEN: usize = 6_000;

/// `text` with every workflow command in it made harmless, and readable still.
pub fn guarded(text: &str) -> String {
    text.split_inclusive('\n').map(guarded_line).collect()
}

fn guarded_line(line: &str) -> String {
    let line = line.replace("##[", "#\\x23[");
    let command = line.trim_start_matches(|c: char| c.is_whitespace() || c.is_control());
    if !command.starts_with("::") {
        return line;
    }
    let blanks = &line[..line.len() - command.len()];
    format!("{blanks}\\x3a{}", &command[1..])
}

/// A line of JSON with every workflow command in it made harmless; the same JSON
/// value. Its first character is never `:`.
pub fn guarded_json(line: &str) -> String {
    // `#` stands in strings only.
    line.replace("##[", "#\\u0023[")
}

/// The annotation for `run` if it failed or is broken, a line. It is shown at `file`,
/// from the root of the repository, on the line of the step that is to blame, or else
/// on the first.
pub fn annotation(run: &Run<'_>, file: &str) -> Option<String> {
    let what = match run.verdict {
        Verdict::Passed | Verdict::Skipped(_) => return None,
        Verdict::Failed(_) => "failed",
        Verdict::Broken(_) => "the lab could not tell",
    };
    let step = step_of(run);
    let line = step.map_or(1, |step| step.line);
    let title = format!("{} on {}: {what}", visible(run.identity), run.target);
    let place = step.map(|step| format!("step {} of {}: ", step.number, step.of));
    let mut message = format!("{}{}", place.unwrap_or_default(), headline(run)?);
    if let Verdict::Failed(failure) = run.verdict
        && !failure.hint.is_empty()
    {
        message.push_str(&format!("\n{}", one_line(&failure.hint)));
    }
    Some(format!(
        "::error file={},line={line},title={}::{}\n",
        property(&visible(file)),
        property(&title),
        data(&visible(&message))
    ))
}

/// A warning for each claim of `run` that hardly held, a line each, at the line of its step.
pub fn warnings(run: &Run<'_>, file: &str) -> Vec<String> {
    let title = format!("{} on {}: marginal", visible(run.identity), run.target);
    let warning = |Marginal { step, expected, got, .. }: &Marginal| {
        let message = format!("step {} of {}: {expected}: {got}", step.number, step.of);
        format!(
            "::warning file={},line={},title={}::{}\n",
            property(&visible(file)),
            step.line,
            property(&title),
            data(&visible(&message))
        )
    };
    run.marginal.iter().map(warning).collect()
}

/// The step summary, as far as runs have ended: Markdown with HTML in it.
#[derive(Clone, Debug, Default)]
pub struct StepSummary {
    screens: Vec<String>,
    left_out: usize,
}

impl StepSummary {
    /// Takes one more run; `screen` is what people read of it if it did not pass.
    pub fn add(&mut self, run: &Run<'_>, screen: &str) {
        if !matches!(run.verdict, Verdict::Failed(_) | Verdict::Broken(_)) {
            return;
        }
        if self.screens.len() == MOST_SCREENS {
            self.left_out += 1;
            return;
        }
        let head = format!("{} {} on {}", run.word(), run.identity, run.target);
        let screen: String = visible(screen).chars().take(SCREEN).collect();
        self.screens.push(format!(
            "<details><summary>{}</summary>\n\n<pre>\n{}</pre>\n\n</details>\n\n",
            html(&visible(&head)),
            html(&screen)
        ));
    }

    /// The whole of it. `wall` is the time of the whole command.
    pub fn markdown(&self, tally: &Tally, wall: Duration) -> String {
        let counts = html(&summary(tally, wall, Paint::Plain));
        let mut text = format!("### replab\n\n<pre>\n{counts}</pre>\n\n{}", self.screens.concat());
        if self.left_out > 0 {
            text.push_str(&format!("… and {} more that did not pass\n", self.left_out));
        }
        text
    }
}

/// Text as the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text as a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Text for a `pre` element: nothing in it is HTML, nor Markdown, whose rules do not
/// hold in one (CommonMark 0.31 §4.6).
fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;
    use replab_record::Claim;

    use super::*;
    use crate::run::tests::{Told, blink};
    use crate::{Files, Help, progress, screen, transcript_lines};

    const FILE: &str = "scenarios/a,b:c.yaml";

    fn output(got: &str) -> Told {
        let claim = Claim::Output { expected: "\">>> \" on uart0".into(), got: got.into() };
        Told::default().sent(1_000, got).note(1_000, got).failed(claim, &[got], got)
    }

    fn shown(told: &Told) -> String {
        let help = Help { files: Files::default(), again: "replab run blink" };
        told.with(|run| {
            let lines = transcript_lines(run.record, run.board, 6).join("\n");
            let screen = screen(run, help, Paint::Plain).unwrap_or_default();
            format!("{}{lines}\n{screen}", progress(run, Paint::Plain))
        })
    }

    /// What the runner would obey in `text`, by the rules at the head of this file.
    fn commands(text: &str) -> Vec<&str> {
        let is_command = |line: &&str| line.trim_start().starts_with("::") || line.contains("##[");
        text.lines().filter(is_command).collect()
    }

    #[track_caller]
    fn check_guard(text: &str, expected: &str) {
        assert_eq!(guarded(text), expected);
    }

    #[test]
    fn a_marginal_claim_is_a_warning_at_its_line() {
        let told = blink().marginal("period 1s ±1% on LED", "1.0099s, 100us below\n::error::x");
        let warnings = told.with(|run| warnings(run, "scenarios/blink.yaml"));
        expect![[r#"
            ::warning file=scenarios/blink.yaml,line=12,title=01-micropython-intro/blink on lab-m0@qemu%3A marginal::step 3 of 5: period 1s ±1%25 on LED: 1.0099s, 100us below%0A::error::x
        "#]].assert_eq(&warnings.concat());
        assert!(blink().with(|run| super::warnings(run, "a")).is_empty());
    }

    #[test]
    fn commands_in_text_are_shown_and_not_obeyed() {
        check_guard("::error::x\n", "\\x3a:error::x\n");
        check_guard("a\n \t::set-output name=a::b", "a\n \t\\x3a:set-output name=a::b");
        check_guard("a ##[add-path]/evil", "a #\\x23[add-path]/evil");
        check_guard("std::string a::b\n# [x]\n", "std::string a::b\n# [x]\n");
    }

    #[test]
    fn without_the_guard_a_detail_would_be_a_command() {
        let text = shown(&output("::error::x"));
        assert_eq!(commands(&text), ["    ::error::x"], "{text}");
        assert_eq!(commands(&guarded(&text)), [] as [&str; 0]);
    }

    #[test]
    fn json_keeps_its_value() {
        let line = r####"{"got":"##[error]\\##[x"}"####;
        let value = |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("JSON");
        let guarded = guarded_json(line);
        assert_eq!(commands(&guarded), [] as [&str; 0]);
        assert_eq!(value(&guarded), value(line));
    }

    #[track_caller]
    fn check(told: &Told, expected: &Expect) {
        expected.assert_eq(&told.with(|run| annotation(run, FILE)).unwrap_or_default());
    }

    #[test]
    fn what_did_not_pass_is_shown_on_its_line() {
        check(&blink(), &expect![[r#""#]]);
        check(
            &output("100%\r\n::error::x\n"),
            &expect![[r#"
                ::error file=scenarios/a%2Cb%3Ac.yaml,line=12,title=01-micropython-intro/blink on lab-m0@qemu%3A failed::step 3 of 5: expected other text (-) than came (+)%0A100%25\r\n::error::x\n
            "#]],
        );
        check(
            &Told::default().broken(&["it\nended"], &[]),
            &expect![[r#"
            ::error file=scenarios/a%2Cb%3Ac.yaml,line=12,title=01-micropython-intro/blink on lab-m0@qemu%3A the lab could not tell::step 3 of 5: it\nended
        "#]],
        );
    }

    #[test]
    fn the_step_summary_has_counts_and_screens() {
        let told = output("</pre><script>&\n\n::error::x\n# no heading");
        let (mut summary, mut tally) = (StepSummary::default(), Tally::default());
        for told in [&blink(), &told] {
            told.with(|run| {
                tally.add(run);
                let help = Help { files: Files::default(), again: "replab run blink" };
                summary.add(run, &screen(run, help, Paint::Plain).unwrap_or_default());
            });
        }
        expect![[r#"
            ### replab

            <pre>
            1 passed, 1 failed; 10.0 s machine, 120 ms wall
            </pre>

            <details><summary>failed 01-micropython-intro/blink on lab-m0@qemu</summary>

            <pre>
            error: scenario `01-micropython-intro/blink` failed on lab-m0@qemu
              step 3 of 5, scenarios/01-micropython-intro/blink.yaml:12: expected other text (-) than came (+)
                &lt;/pre&gt;&lt;script&gt;&amp;

                ::error::x
                # no heading
              uart0 |  0.000 | &lt;/pre&gt;&lt;script&gt;&amp;
              uart0 |  0.000 |
              uart0 |  0.000 | ::error::x
              uart0 |  0.000 | # no heading
              help: &lt;/pre&gt;&lt;script&gt;&amp;\n\n::error::x\n# no heading
                    again: replab run blink
            </pre>

            </details>

        "#]].assert_eq(&summary.markdown(&tally, Duration::from_millis(120)));
    }

    #[test]
    fn a_long_step_summary_is_cut() {
        let mut summary = StepSummary::default();
        for _ in 0..200 {
            output("x").with(|run| summary.add(run, &"x".repeat(100_000)));
        }
        let text = summary.markdown(&Tally::default(), Duration::ZERO);
        assert!(text.len() < 1 << 20, "{} bytes", text.len());
        assert!(text.ends_with("… and 170 more that did not pass\n"));
    }

    proptest! {
        #[test]
        fn no_output_of_firmware_is_a_command(parts in proptest::collection::vec(
            prop_oneof![Just("::"), Just("##["), Just("\n"), Just("\r"), Just(" "), Just("\u{2003}"),
                Just("error"), Just("%0A"), Just("\u{b}")], 0..12)) {
            let told = output(&parts.concat());
            let text = guarded(&shown(&told));
            prop_assert_eq!(commands(&text), [] as [&str; 0]);
            let ours = told.with(|run| annotation(run, FILE)).expect("it failed");
            prop_assert_eq!(ours.matches('\n').count(), 1);
            prop_assert!(ours.starts_with("::error file=scenarios/a%2Cb%3Ac.yaml,line=12,title="));
        }
    }
}
