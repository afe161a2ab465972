//! The texts of a run's snapshots: what every target must agree on, and exact figures.

use replab_memory::{Sample, Totals, sample_text};
use replab_record::{Scale, Wave, picture};
use replab_scenario::{SnapshotPart, show_duration};

use crate::play::{Measured, StepSummary};
use crate::wave::WaveFigures;

/// Characters of a picture at most.
const DRAWN: usize = 100;

/// What a `snapshot` step has seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) parts: Vec<SnapshotPart>,
    pub(crate) transcript: String,
    pub(crate) waves: Vec<(usize, WaveFigures)>,
    /// Of each `memory` step by its number, and of the snapshot's own.
    pub(crate) samples: Vec<(usize, Sample)>,
    /// What the firmware's file takes.
    pub(crate) totals: Option<Totals>,
}

impl Seen {
    /// The waves that `steps` have measured, by the number of the step.
    pub(crate) fn waves(steps: &[StepSummary]) -> Vec<(usize, WaveFigures)> {
        let mut waves = Vec::new();
        for step in steps {
            let measured = step.measured.iter().flat_map(Measured::waves);
            waves.extend(measured.map(|wave| (step.place.number, wave.clone())));
        }
        waves
    }

    /// The samples that `steps` have taken, by the number of the step.
    pub(crate) fn samples(steps: &[StepSummary]) -> Vec<(usize, Sample)> {
        let sample =
            |step: &StepSummary| Some((step.place.number, step.measured.as_ref()?.memory()?.now));
        steps.iter().filter_map(sample).collect()
    }

    fn has(&self, part: SnapshotPart) -> bool {
        self.parts.contains(&part)
    }

    /// What every target must agree on: the transcript, and waves to a millisecond
    /// and a percent. `None` if only memory was asked for.
    pub(crate) fn common(&self) -> Option<String> {
        let mut text = String::new();
        if self.has(SnapshotPart::Transcript) {
            text.push_str(self.transcript.trim_end());
        }
        if self.has(SnapshotPart::Wave) {
            heading(&mut text, "waves, to 1 ms and 1 %");
            self.waves.iter().for_each(|(step, wave)| text.push_str(&coarse(*step, wave)));
        }
        (self.has(SnapshotPart::Transcript) || self.has(SnapshotPart::Wave)).then_some(text)
    }

    /// What belongs to one target and one firmware: waves to the nanosecond, stack
    /// and heap to the byte. `None` if only the transcript was asked for.
    pub(crate) fn exact(&self) -> Option<String> {
        let mut text = String::new();
        if self.has(SnapshotPart::Wave) {
            heading(&mut text, "waves");
            self.waves.iter().for_each(|(step, wave)| text.push_str(&fine(*step, wave)));
        }
        if self.has(SnapshotPart::Memory) {
            heading(&mut text, "memory, in bytes");
            if let Some(totals) = self.totals {
                text.push_str(&format!("flash.used {}\nram.used {}\n", totals.flash, totals.ram));
            }
            let mut before: Option<&Sample> = None;
            for (step, sample) in &self.samples {
                let change = before.map(|before| sample.since(before));
                text.push_str(&format!("step {step}:\n{}", sample_text(sample, change.as_ref())));
                before = Some(sample);
            }
        }
        (self.has(SnapshotPart::Wave) || self.has(SnapshotPart::Memory)).then_some(text)
    }
}

fn heading(text: &mut String, words: &str) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&format!("[{words}]\n"));
}

/// `step 5, LED: 6 rising edges in 5500ms; period 1.000 s, duty 50 %`.
fn coarse(step: usize, wave: &WaveFigures) -> String {
    let mut line = format!(
        "step {step}, {}: {} rising edges in {}",
        wave.pin,
        wave.rising,
        show_duration(wave.window)
    );
    if let (Some((_, mean, _)), Some((least, most))) =
        (wave.period_range(), wave.duty_range_percent())
    {
        let duty = (least + most) / 2.0;
        line.push_str(&format!("; period {:.3} s, duty {duty:.0} %", mean.as_secs_f64()));
    }
    line + "\n"
}

/// Each period to the nanosecond, below a picture.
fn fine(step: usize, wave: &WaveFigures) -> String {
    let Wave { start, end, .. } = wave.wave;
    let scale = Scale::fitting(start, end, DRAWN);
    let mut text = format!(
        "step {step}, {}, a character is {}:\n  {}\n",
        wave.pin,
        show_duration(scale.column),
        picture(&wave.wave, &scale)
    );
    for period in &wave.periods {
        text.push_str(&format!(
            "  at {:.9}: {} ns, high for {} ns\n",
            period.start,
            period.length.as_nanos(),
            period.high.as_nanos()
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use expect_test::{Expect, expect};
    use replab_memory::{HeapFigures, StackFigures};
    use replab_record::{Edge, Level, MachineTime};

    use super::*;
    use crate::wave::Period;

    #[track_caller]
    fn check(parts: &[SnapshotPart], expected: &Expect) {
        let period = |start| Period {
            start: MachineTime::from_nanos(start),
            length: Duration::from_nanos(1_000_000_123),
            high: Duration::from_nanos(500_000_050),
        };
        let wave = WaveFigures {
            pin: "LED".into(),
            window: Duration::from_secs(3),
            wave: Wave {
                start: MachineTime::ZERO,
                end: MachineTime::from_nanos(3_000_000_000),
                before: Level::Low,
                edges: (0..6)
                    .map(|half| Edge {
                        at: MachineTime::from_nanos(5_000_000 + half * 500_000_050),
                        level: if half % 2 == 0 { Level::High } else { Level::Low },
                    })
                    .collect(),
            },
            rising: 3,
            first: None,
            high: Vec::new(),
            low: Vec::new(),
            periods: vec![period(5_000_000), period(1_005_000_123)],
        };
        let heap = HeapFigures { total: 1000, used: 400, free: 600, largest_free: 512 };
        let stack = StackFigures { size: 8192, peak: 1776 };
        let seen = Seen {
            parts: parts.to_vec(),
            transcript: ">>> 1\n1\n>>>".into(),
            waves: vec![(4, wave)],
            samples: vec![(5, Sample { stack, heap: Some(heap) })],
            totals: Some(Totals { flash: 2000, ram: 500 }),
        };
        let shown = |text: Option<String>| text.unwrap_or("none\n".to_string());
        expected.assert_eq(&format!("{}-- exact\n{}", shown(seen.common()), shown(seen.exact())));
    }

    #[test]
    fn a_transcript_has_no_exact_figures() {
        check(
            &[SnapshotPart::Transcript],
            &expect![[r#"
            >>> 1
            1
            >>>-- exact
            none
        "#]],
        );
    }

    #[test]
    fn waves_are_coarse_for_all_and_fine_for_one_target() {
        check(
            &[SnapshotPart::Transcript, SnapshotPart::Wave],
            &expect![[r#"
                >>> 1
                1
                >>>
                [waves, to 1 ms and 1 %]
                step 4, LED: 3 rising edges in 3s; period 1.000 s, duty 50 %
                -- exact
                [waves]
                step 4, LED, a character is 50ms:
                  /‾‾‾‾‾‾‾‾‾\_________/‾‾‾‾‾‾‾‾‾\_________/‾‾‾‾‾‾‾‾‾\_________
                  at 0.005000000 s: 1000000123 ns, high for 500000050 ns
                  at 1.005000123 s: 1000000123 ns, high for 500000050 ns
            "#]],
        );
    }

    #[test]
    fn memory_belongs_to_one_target() {
        check(
            &[SnapshotPart::Memory],
            &expect![[r#"
                none
                -- exact
                [memory, in bytes]
                flash.used 2000
                ram.used 500
                step 5:
                #                 total       used       free    largest
                heap               1000        400        600        512
                #                  size       peak
                stack              8192       1776
            "#]],
        );
    }
}
