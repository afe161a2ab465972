//! Holds measured values to limits, and says how near they come.
//!
//! Machine time has steps: an edge comes with an instruction, so what is measured
//! between two edges is known as finely as one instruction, and no finer. A value that is
//! past its limit by less is not wrong, and one that is within [`MARGIN`] of a limit is
//! right only just: both are *marginal*.

use std::time::Duration;

use replab_record::MachineTime;
use replab_scenario::{show_duration, show_hertz};

use crate::wave::percent;

/// How near to a limit is marginal: this part of the way from one limit to the other;
/// of the limit itself where there is but one.
const MARGIN: f64 = 0.05;

/// What a value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Nanoseconds.
    Time,
    /// Hertz.
    Frequency,
    /// Percent of a period.
    Duty,
    /// Degrees of a period.
    Angle,
}

impl Unit {
    /// A value as people write it.
    pub(crate) fn show(self, value: f64) -> String {
        match self {
            Unit::Time if value < 0.0 => format!("-{}", time(-value)),
            Unit::Time => time(value),
            Unit::Frequency => show_hertz(value),
            Unit::Duty => percent(value),
            Unit::Angle => percent(value).replace('%', "°"),
        }
    }

    /// A difference of two.
    fn show_difference(self, difference: f64) -> String {
        match self {
            Unit::Duty => percent(difference).replace('%', " points"),
            other => other.show(difference),
        }
    }
}

/// So many nanoseconds.
fn time(ns: f64) -> String {
    // A cast of a float stops at the ends of the integer.
    show_duration(Duration::from_nanos(ns.round() as u64))
}

/// Where values have to lie. The limits themselves are allowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) unit: Unit,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
}

impl Limits {
    /// From `wanted` less `off` to `wanted` more `off`.
    pub(crate) fn around(unit: Unit, wanted: f64, off: f64) -> Limits {
        Limits { unit, min: Some(wanted - off), max: Some(wanted + off) }
    }

    /// From `min` to `max`, where there are such.
    pub(crate) fn between(min: Option<Duration>, max: Option<Duration>) -> Limits {
        Limits { unit: Unit::Time, min: min.map(nanos), max: max.map(nanos) }
    }

    /// How far inside `value` is of the limit that it is nearest to, or most past; `None`
    /// if there is no limit.
    fn room(&self, value: f64) -> Option<f64> {
        let below = self.min.map(|min| exact(value - min, value));
        let above = self.max.map(|max| exact(max - value, value));
        below.into_iter().chain(above).min_by(f64::total_cmp)
    }

    /// Whether so much room is little.
    fn is_little(&self, room: f64) -> bool {
        let width = match (self.min, self.max) {
            (Some(min), Some(max)) => max - min,
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => 0.0,
        };
        // Who allows one value only has said so.
        room < 0.0 || (width > 0.0 && room <= width * MARGIN)
    }
}

/// A duration in nanoseconds, exact below 104 days.
pub(crate) fn nanos(time: Duration) -> f64 {
    time.as_nanos() as f64
}

/// `difference` of numbers as large as `value`, without what is only the error of floats.
fn exact(difference: f64, value: f64) -> f64 {
    if difference.abs() <= value.abs() * 1e-12 { 0.0 } else { difference }
}

/// A value that was measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measure {
    /// In the unit of its limits.
    pub(crate) value: f64,
    /// How finely it is known, in the same unit.
    pub(crate) finest: f64,
    /// The edge that begins it.
    pub(crate) at: MachineTime,
}

/// What values have come to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Judged {
    /// All lie inside, and well so.
    Right,
    /// All lie inside, but this one hardly.
    Marginal(Found),
    /// This is the first outside.
    Wrong(Found),
}

/// A value worth telling.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    /// `104ms in period 3 of 4, 3ms over the limit`.
    pub(crate) got: String,
    /// The edge that begins it.
    pub(crate) at: MachineTime,
}

/// Judges `measures`, each of one `thing` (`period`, `high pulse`).
pub(crate) fn judge(limits: &Limits, thing: &str, measures: &[Measure]) -> Judged {
    let found = |index: usize, room: f64| Found {
        got: told(limits, thing, measures, index, room),
        at: measures[index].at,
    };
    let rooms =
        || measures.iter().enumerate().filter_map(|(at, one)| Some((at, limits.room(one.value)?)));
    if let Some((index, room)) = rooms().find(|(index, room)| *room < -measures[*index].finest) {
        return Judged::Wrong(found(index, room));
    }
    match rooms().min_by(|one, other| one.1.total_cmp(&other.1)) {
        Some((index, room)) if limits.is_little(room) => Judged::Marginal(found(index, room)),
        _ => Judged::Right,
    }
}

/// The one of `measures` that is nearest to a limit of `limits`, or most past it, and how
/// far it is inside, below zero if it is outside.
pub(crate) fn worst(limits: &Limits, measures: &[Measure]) -> Option<(usize, f64)> {
    let rooms = measures.iter().enumerate();
    rooms
        .filter_map(|(at, one)| Some((at, limits.room(one.value)?)))
        .min_by(|one, other| one.1.total_cmp(&other.1))
}

fn told(limits: &Limits, thing: &str, measures: &[Measure], index: usize, room: f64) -> String {
    let Measure { value, finest, .. } = measures[index];
    let unit = limits.unit;
    let is_above = limits.max.is_some_and(|max| exact(max - value, value) == room);
    let side = match (room < 0.0, is_above) {
        (true, true) => "over the limit",
        (true, false) => "under the limit",
        (false, true) => "below the limit",
        (false, false) => "above the limit",
    };
    let fine = match room < 0.0 && room >= -finest {
        true => format!(", as fine as one instruction ({})", unit.show_difference(finest)),
        false => String::new(),
    };
    format!(
        "{} in {thing} {} of {}, {} {side}{fine}",
        unit.show(value),
        index + 1,
        measures.len(),
        unit.show_difference(room.abs()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What values in milliseconds come to between `min` and `max`, known to 8 ns.
    #[track_caller]
    fn check(min: Option<f64>, max: Option<f64>, values: &[f64], expected: &str) {
        let ms = |value: f64| (value * 1e6).round();
        let limits = Limits { unit: Unit::Time, min: min.map(ms), max: max.map(ms) };
        let measures: Vec<Measure> = values
            .iter()
            .map(|value| Measure { value: ms(*value), finest: 8.0, at: MachineTime::ZERO })
            .collect();
        let got = match judge(&limits, "period", &measures) {
            Judged::Right => "right".to_string(),
            Judged::Marginal(found) => format!("marginal: {}", found.got),
            Judged::Wrong(found) => format!("wrong: {}", found.got),
        };
        assert_eq!(got, expected);
    }

    #[test]
    fn the_first_outside_is_wrong_and_says_by_how_much() {
        let (min, max) = (Some(99.0), Some(101.0));
        check(
            min,
            max,
            &[100.0, 101.9, 105.0],
            "wrong: 101.9ms in period 2 of 3, 900us over the limit",
        );
        check(min, max, &[98.5], "wrong: 98.5ms in period 1 of 1, 500us under the limit");
        check(
            Some(99.0),
            None,
            &[1000.0, 98.0],
            "wrong: 98ms in period 2 of 2, 1ms under the limit",
        );
    }

    #[test]
    fn within_a_twentieth_of_a_limit_is_marginal() {
        let (min, max) = (Some(99.0), Some(101.0));
        check(min, max, &[100.0, 100.89], "right");
        check(
            min,
            max,
            &[100.9, 100.95, 100.92],
            "marginal: 100.95ms in period 2 of 3, 50us below the limit",
        );
        check(min, max, &[99.0], "marginal: 99ms in period 1 of 1, 0s above the limit");
        check(None, Some(100.0), &[94.9], "right");
        check(None, Some(100.0), &[95.0], "marginal: 95ms in period 1 of 1, 5ms below the limit");
    }

    #[test]
    fn one_value_that_alone_is_allowed_is_not_marginal() {
        check(Some(100.0), Some(100.0), &[100.0, 100.0], "right");
    }

    /// Two edges lie on instructions: what lies between is no finer.
    #[test]
    fn past_a_limit_by_an_instruction_is_not_wrong() {
        let max = Some(100.0);
        let text = "marginal: 100.000008ms in period 1 of 1, 8ns over the limit, as fine as one instruction (8ns)";
        check(None, max, &[100.000_008], text);
        check(
            None,
            max,
            &[100.000_016],
            "wrong: 100.000016ms in period 1 of 1, 16ns over the limit",
        );
    }
}
