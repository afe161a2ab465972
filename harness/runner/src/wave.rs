//! Measures a wave: its whole periods and their high parts.
//!
//! A period is whole if it begins and ends with a rising edge inside the window;
//! what is cut off by the window's borders is not judged. All times are those of
//! the edges, so nothing here is finer or coarser than the machine.

use std::iter;
use std::time::Duration;

use replab_record::{Edge, Level, MachineTime, Wave};
use replab_scenario::{Direction, show_duration};

/// The most rows of a table of edges.
const ROWS: usize = 12;

/// What was measured on a pin.
#[derive(Clone, Debug, PartialEq)]
pub struct WaveFigures {
    /// Role or name of the pin, as the scenario calls it.
    pub pin: String,
    /// How long was looked.
    pub window: Duration,
    /// All that was seen in it.
    pub wave: Wave,
    /// Rising edges in the window.
    pub rising: usize,
    /// The whole periods, in order.
    pub periods: Vec<Period>,
    /// The first edge.
    pub first: Option<Direction>,
    /// The whole high pulses, in order.
    pub high: Vec<Pulse>,
    /// The whole low pulses, in order.
    pub low: Vec<Pulse>,
}

/// What a `contract` step has measured.
#[derive(Clone, Debug, PartialEq)]
pub struct ContractFigures {
    /// The pin's wave.
    pub wave: WaveFigures,
    /// A line of heads and one for each interval: what is stated, the mean, the pulse that
    /// is nearest to a limit, and how far inside it lies.
    pub table: Vec<String>,
}

/// A level between two edges inside the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulse {
    /// The edge that begins it.
    pub start: MachineTime,
    /// How long it is.
    pub width: Duration,
}

/// From a rising edge to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The rising edge that begins it.
    pub start: MachineTime,
    /// How long it is.
    pub length: Duration,
    /// For how long of that the pin was high.
    pub high: Duration,
}

impl Period {
    /// The high part, in percent.
    pub fn duty_percent(&self) -> f64 {
        self.high.as_secs_f64() / self.length.as_secs_f64() * 100.0
    }
}

impl WaveFigures {
    /// Measures `wave`, which is that of `pin`.
    pub fn measure(pin: &str, wave: &Wave) -> WaveFigures {
        let rising: Vec<MachineTime> = rising(wave).map(|edge| edge.at).collect();
        let period = |pair: &[MachineTime]| Period {
            start: pair[0],
            length: pair[1] - pair[0],
            high: high_time(wave, pair[0], pair[1]),
        };
        WaveFigures {
            pin: pin.to_string(),
            window: wave.end - wave.start,
            wave: wave.clone(),
            rising: rising.len(),
            periods: rising.windows(2).map(period).collect(),
            first: first(wave),
            high: pulses(wave, Level::High),
            low: pulses(wave, Level::Low),
        }
    }

    /// The shortest, the mean and the longest whole period; `None` without one.
    pub fn period_range(&self) -> Option<(Duration, Duration, Duration)> {
        let lengths = || self.periods.iter().map(|period| period.length);
        let count = u32::try_from(self.periods.len()).ok()?;
        Some((lengths().min()?, lengths().sum::<Duration>() / count, lengths().max()?))
    }

    /// The smallest and the largest high part, in percent; `None` without a whole period.
    pub fn duty_range_percent(&self) -> Option<(f64, f64)> {
        let duties = || self.periods.iter().map(Period::duty_percent);
        (!self.periods.is_empty())
            .then(|| (duties().fold(f64::MAX, f64::min), duties().fold(0.0, f64::max)))
    }

    /// `5 rising edges in 5s; period 999ms to 1.001s, mean 1s; duty 49.9% to 50.1%`.
    pub fn summary(&self) -> String {
        let edges = if self.rising == 1 {
            "1 rising edge"
        } else {
            &format!("{} rising edges", self.rising)
        };
        let mut summary = format!("{edges} in {}", show_duration(self.window));
        if let Some((shortest, mean, longest)) = self.period_range() {
            summary += &match shortest == longest {
                true => format!("; period {}", show_duration(mean)),
                false => {
                    let [shortest, mean, longest] = [shortest, mean, longest].map(show_duration);
                    format!("; period {shortest} to {longest}, mean {mean}")
                }
            };
        }
        if let Some((smallest, largest)) = self.duty_range_percent() {
            summary += &match (percent(smallest), percent(largest)) {
                (smallest, largest) if smallest == largest => format!("; duty {smallest}"),
                (smallest, largest) => format!("; duty {smallest} to {largest}"),
            };
        }
        summary
    }
}

/// `49.997%`: at most six decimals.
pub(crate) fn percent(value: f64) -> String {
    let digits = format!("{value:.6}");
    format!("{}%", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// The edges that `figures` are of as a table, at most [`ROWS`] of them around the one at `around`.
pub(crate) fn table(figures: &WaveFigures, around: MachineTime) -> Vec<String> {
    let wave = &figures.wave;
    let edges = &wave.edges;
    let center = edges.iter().position(|edge| edge.at >= around).unwrap_or(0);
    let first = center.saturating_sub(ROWS / 2).min(edges.len().saturating_sub(ROWS));
    let last = (first + ROWS).min(edges.len());
    let mut rows = vec![["#", "time", "level", "for", "period", "duty"].map(str::to_string)];
    rows.extend((first..last).map(|index| row(wave, figures, index)));
    let mut table = aligned(&rows);
    table.push(figures.summary());
    table
}

fn row(wave: &Wave, figures: &WaveFigures, index: usize) -> [String; 6] {
    let edge = wave.edges[index];
    let lasts = wave
        .edges
        .get(index + 1)
        .map_or("…".to_string(), |next| show_duration(next.at - edge.at));
    let period = figures.periods.iter().find(|period| period.start == edge.at);
    [
        (index + 1).to_string(),
        edge.at.to_string(),
        edge.level.to_string(),
        lasts,
        period.map_or(String::new(), |period| show_duration(period.length)),
        period.map_or(String::new(), |period| percent(period.duty_percent())),
    ]
}

/// `rows` as lines, cells to the right.
pub(crate) fn aligned<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let line = |row: &[String; N]| {
        let cells: Vec<String> =
            row.iter().enumerate().map(|(at, cell)| format!("{cell:>w$}", w = width(at))).collect();
        cells.join("  ").trim_end().to_string()
    };
    rows.iter().map(line).collect()
}

/// The rising edges of `wave`.
pub(crate) fn rising(wave: &Wave) -> impl Iterator<Item = &Edge> {
    // Neighbours differ in level, and so does the first from what was before.
    wave.edges.iter().filter(|edge| edge.level == Level::High)
}

/// What the first edge is. That an output is driven low for the first time is none.
fn first(wave: &Wave) -> Option<Direction> {
    let before = iter::once(wave.before).chain(wave.edges.iter().map(|edge| edge.level));
    wave.edges.iter().zip(before).find_map(|(edge, before)| match (before, edge.level) {
        (_, Level::High) => Some(Direction::Rising),
        (Level::High, _) => Some(Direction::Falling),
        _ => None,
    })
}

/// The parts of `wave` at `level` that begin and end inside the window.
fn pulses(wave: &Wave, level: Level) -> Vec<Pulse> {
    let whole = wave.edges.windows(2).filter(|pair| pair[0].level == level);
    whole.map(|pair| Pulse { start: pair[0].at, width: pair[1].at - pair[0].at }).collect()
}

/// How long the pin was high from `start`, where it rose, to `end`.
fn high_time(wave: &Wave, start: MachineTime, end: MachineTime) -> Duration {
    let inside = wave.edges.iter().filter(|edge| (start..end).contains(&edge.at));
    let fall = inside.filter(|edge| edge.level != Level::High).map(|edge| edge.at).next();
    fall.unwrap_or(end) - start
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wave over 1 s that is high and low for so many milliseconds in turn.
    fn wave(first_ms: u64, lasts_ms: &[u64]) -> Wave {
        let mut at = first_ms;
        let mut edges = Vec::new();
        for (index, lasts) in lasts_ms.iter().enumerate() {
            let level = if index % 2 == 0 { Level::High } else { Level::Low };
            edges.push(Edge { at: MachineTime::from_nanos(at * 1_000_000), level });
            at += lasts;
        }
        let end = MachineTime::from_nanos(1_000_000_000);
        Wave { start: MachineTime::ZERO, end, before: Level::Low, edges }
    }

    #[track_caller]
    fn check(wave: &Wave, expected: &str) {
        assert_eq!(WaveFigures::measure("LED", wave).summary(), expected);
    }

    #[test]
    fn only_whole_periods_are_measured() {
        check(&wave(100, &[20, 80, 20, 80, 20]), "3 rising edges in 1s; period 100ms; duty 20%");
        check(&wave(100, &[20, 80]), "1 rising edge in 1s");
        check(&wave(100, &[]), "0 rising edges in 1s");
    }

    #[test]
    fn uneven_periods_have_a_range() {
        check(
            &wave(0, &[50, 50, 75, 75, 50]),
            "3 rising edges in 1s; period 100ms to 150ms, mean 125ms; duty 50%",
        );
    }

    #[test]
    fn a_pin_that_nobody_drives_is_not_high() {
        let mut wave = wave(0, &[50, 50, 50]);
        wave.edges[1].level = Level::Unknown;
        check(&wave, "2 rising edges in 1s; period 100ms; duty 50%");
    }

    #[test]
    fn a_table_shows_a_few_edges_around_the_one_that_matters() {
        let wave = wave(0, &[10; 60]);
        let figures = WaveFigures::measure("LED", &wave);
        let table = table(&figures, MachineTime::from_nanos(300_000_000));
        assert_eq!(table.len(), 1 + ROWS + 1);
        assert_eq!(table[0], " #           time  level   for  period  duty");
        assert_eq!(table[7], "31  0.300000000 s   high  10ms    20ms   50%");
    }

    #[test]
    fn a_table_of_few_edges_shows_them_all() {
        let wave = wave(0, &[10, 20]);
        let figures = WaveFigures::measure("LED", &wave);
        let expected = [
            "#           time  level   for  period  duty",
            "1  0.000000000 s   high  10ms",
            "2  0.010000000 s    low     …",
            "1 rising edge in 1s",
        ];
        assert_eq!(table(&figures, MachineTime::ZERO), expected);
    }
}
