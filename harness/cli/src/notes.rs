//! What is worth seeing of a run at a glance, in a few lines.

use std::time::Duration;

use replab_board::Board;
use replab_record::Marginal;
use replab_report::Note;
use replab_runner::snapshots::Comparison;
use replab_runner::{
    Change, HeapFigures, Measured, Outcome, Period, Sample, StackFigures, StepSummary, WaveFigures,
};
use replab_scenario::show_duration;

use crate::place::from_here;

/// The notes about `outcome`, oldest first.
pub(crate) fn of(outcome: &Outcome, board: &Board) -> Vec<Note> {
    let figures = outcome.steps.iter().flat_map(|step| {
        let texts = match &step.measured {
            Some(Measured::Wave(figures)) => figures.iter().map(wave).collect(),
            Some(Measured::Contract(figures)) => figures.table.clone(),
            Some(Measured::Memory(sample)) => vec![memory(&sample.now, sample.change)],
            None => Vec::new(),
        };
        texts.into_iter().map(|text| Note { at: step.end, text })
    });
    let marginal = outcome.marginal.iter().map(|Marginal { expected, got, at, .. }| Note {
        at: *at,
        text: format!("marginal: {expected}: {got}"),
    });
    let wanted = outcome.wanted.iter().map(|failure| Note {
        at: failure.at,
        text: format!("fails, as it must: {}", replab_report::claim(failure)),
    });
    let figures = figures.chain(marginal).chain(wanted);
    let mut notes = replab_report::seen(&outcome.record, board, figures.collect());
    let snapshots = outcome.snapshots.iter().filter_map(snapshot);
    notes.extend(snapshots.map(|text| Note { at: outcome.end, text }));
    if let Some(runs @ 2..) = outcome.proved {
        notes.push(Note {
            at: outcome.end,
            text: format!("{runs} runs on a busy host are equal: bytes, edges, memory"),
        });
    }
    notes
}

/// When each step of `outcome` started, and which it is.
pub(crate) fn steps(outcome: &Outcome) -> Vec<Note> {
    let note = |step: &StepSummary| Note {
        at: step.start,
        text: format!("{} {}", step.place.number, step.place.title),
    };
    outcome.steps.iter().map(note).collect()
}

/// What the run that came to `outcome` has taken of memory, as far as that was taken last.
pub(crate) fn last_memory(outcome: &Outcome) -> Option<String> {
    let of_step = |step: &StepSummary| Some(step.measured.as_ref()?.memory()?.now);
    let sample = outcome.figures.or_else(|| outcome.steps.iter().rev().find_map(of_step))?;
    Some(memory(&sample, None))
}

/// How many snapshots of `outcome` were not compared.
pub(crate) fn not_compared(outcome: &Outcome) -> usize {
    let is_other = |one: &&Comparison| matches!(one, Comparison::OtherToolchain { .. });
    outcome.snapshots.iter().filter(is_other).count()
}

/// What is worth saying of a snapshot that is no reason to fail.
fn snapshot(comparison: &Comparison) -> Option<String> {
    match comparison {
        Comparison::Accepted { file } => Some(format!("stored: {}", from_here(file))),
        Comparison::OtherToolchain { file, stored } => {
            Some(format!("not compared: {} is of firmware built by {stored}", from_here(file)))
        }
        Comparison::Same | Comparison::New { .. } | Comparison::Different { .. } => None,
    }
}

/// `heap: 11488 of 232064 bytes (+8176), 150000 free in one piece; stack: 1776 of 8192 at most (+0)`:
/// figures, and what has changed since the ones before.
fn memory(sample: &Sample, change: Option<Change>) -> String {
    let Sample { stack, heap } = sample;
    let since = |change: Option<i64>| change.map(|by| format!(" ({by:+})")).unwrap_or_default();
    let used = change.and_then(|change| change.heap).map(|heap| heap.used);
    let heap = heap.map(|heap| {
        let HeapFigures { total, used: now, largest_free, .. } = heap;
        format!("heap: {now} of {total} bytes{}, {largest_free} free in one piece; ", since(used))
    });
    let peak = since(change.map(|change| change.stack_peak));
    let StackFigures { size, peak: most } = stack;
    format!("{}stack: {most} of {size} at most{peak}", heap.unwrap_or_default())
}

/// `LED: 5 periods of 1.000 s (±0.01 %), duty 50.0 %`: the mean, and how far the
/// period that is farthest from it is off.
fn wave(figures: &WaveFigures) -> String {
    let WaveFigures { pin, window, rising, periods, .. } = figures;
    let Some((shortest, mean, longest)) = figures.period_range() else {
        let edges = match rising {
            0 => "no rising edge".to_owned(),
            1 => "1 rising edge".to_owned(),
            more => format!("{more} rising edges"),
        };
        return format!("{pin}: {edges} in {}", show_duration(*window));
    };
    let off =
        (mean.abs_diff(shortest)).max(mean.abs_diff(longest)).as_secs_f64() / mean.as_secs_f64();
    let spread =
        if off == 0.0 { String::new() } else { format!(" (±{} %)", rounded_up(off * 100.0)) };
    let count = if periods.len() == 1 {
        "1 period".to_owned()
    } else {
        format!("{} periods", periods.len())
    };
    format!("{pin}: {count} of {}{spread}, duty {:.1} %", seconds(mean), duty(periods))
}

/// The high part of all `periods` together, in percent.
fn duty(periods: &[Period]) -> f64 {
    let high: Duration = periods.iter().map(|period| period.high).sum();
    let all: Duration = periods.iter().map(|period| period.length).sum();
    high.as_secs_f64() / all.as_secs_f64() * 100.0
}

/// Four digits, in the unit that shows them: `1.000 s`, `250.0 ms`.
fn seconds(time: Duration) -> String {
    match time.as_secs_f64() {
        whole @ 1.0.. => format!("{whole:.3} s"),
        part @ 0.001.. => format!("{:.1} ms", part * 1e3),
        little => format!("{:.1} µs", little * 1e6),
    }
}

/// One digit that is not below `percent`: an error is never shown smaller than it is.
fn rounded_up(percent: f64) -> String {
    let digits = (-percent.log10()).ceil().clamp(0.0, 9.0);
    let unit = 10_f64.powf(-digits);
    // Casting is exact: `digits` is 0 to 9.
    format!("{:.*}", digits as usize, (percent / unit).ceil() * unit)
}

#[cfg(test)]
mod tests {
    use replab_record::{Edge, Level, MachineTime, Wave};

    use super::*;

    /// Measures a pin that rises at each of `rises` (in µs) and falls 500 ms later.
    #[track_caller]
    fn check(rises: &[u64], expected: &str) {
        let edge = |us: u64, level| Edge { at: MachineTime::from_nanos(us * 1_000), level };
        let edges =
            rises.iter().flat_map(|us| [edge(*us, Level::High), edge(us + 500_000, Level::Low)]);
        let (start, end) = (MachineTime::ZERO, MachineTime::from_nanos(9_000_000_000));
        let wave_of_led = Wave { start, end, before: Level::Low, edges: edges.collect() };
        assert_eq!(wave(&WaveFigures::measure("LED", &wave_of_led)), expected);
    }

    #[test]
    fn a_wave_is_told_by_its_mean_period() {
        check(&[0, 1_000_000, 2_000_000], "LED: 2 periods of 1.000 s, duty 50.0 %");
        check(&[0, 2_000_000], "LED: 1 period of 2.000 s, duty 25.0 %");
    }

    #[test]
    fn how_far_periods_are_off_is_never_told_smaller_than_it_is() {
        check(&[0, 1_000_010, 2_000_000], "LED: 2 periods of 1.000 s (±0.001 %), duty 50.0 %");
        check(&[0, 1_104_000, 2_000_000], "LED: 2 periods of 1.000 s (±11 %), duty 50.0 %");
    }

    #[test]
    fn without_a_whole_period_edges_are_counted() {
        check(&[], "LED: no rising edge in 9s");
        check(&[5], "LED: 1 rising edge in 9s");
    }

    #[test]
    fn a_sample_tells_what_has_changed() {
        let sample = |used, peak| Sample {
            stack: StackFigures { size: 500, peak },
            heap: Some(HeapFigures { total: 1000, used, free: 1000 - used, largest_free: 64 }),
        };
        let (before, now) = (sample(300, 90), sample(180, 120));
        let expected = "heap: 300 of 1000 bytes, 64 free in one piece; stack: 90 of 500 at most";
        assert_eq!(memory(&before, None), expected);
        let expected =
            "heap: 180 of 1000 bytes (-120), 64 free in one piece; stack: 120 of 500 at most (+30)";
        assert_eq!(memory(&now, Some(now.since(&before))), expected);
    }
}
