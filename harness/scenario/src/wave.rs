//! Reads the step `wave`: what is claimed of it, and whether any wave could be so.

use std::time::Duration;

use crate::action::optional;
use crate::error::Problem;
use crate::frequency::parse_frequency;
use crate::lag::parse_lag;
use crate::pins::pin_word;
use crate::quantity::{parse_duration, parse_duty, parse_period, some_time};
use crate::reading::Reading;
use crate::scenario::{Direction, LagClaim, WaveClaim, Width};
use crate::tree::{Node, Value};

/// The keys of `wave`.
pub const WAVE_WORDS: [&str; 11] =
    ["pin", "for", "period", "frequency", "duty", "count", "first", "high", "low", "glitch", "lag"];

/// The keys of `lag` in it.
pub const LAG_WORDS: [&str; 2] = ["behind", "by"];

/// The keys of `high` and `low` in it.
pub const WIDTH_WORDS: [&str; 2] = ["min", "max"];

/// The words of `first` in it.
pub const DIRECTION_WORDS: [&str; 2] = ["rising", "falling"];

/// Reads the value of `wave`: what one pin does, or a list for several.
pub(crate) fn read(reading: &mut Reading<'_>, node: &Node) -> Option<Vec<WaveClaim>> {
    let Value::List(items) = &node.value else {
        return one(reading, node).map(|claim| vec![claim]);
    };
    if items.is_empty() {
        return reading.kind(node, "wave", "one wave or more: `[{ pin: LED, for: 5s, count: 5 }]`");
    }
    let all: Vec<_> = items.iter().map(|item| one(reading, item)).collect();
    let claims: Vec<WaveClaim> = all.into_iter().collect::<Option<_>>()?;
    for (index, claim) in claims.iter().enumerate() {
        if claims[..index].iter().any(|before| before.pin == claim.pin) {
            let problem = Problem::TwoWaves { pin: claim.pin.clone() };
            return reading.fail(items[index].place, problem);
        }
    }
    Some(claims)
}

fn one(reading: &mut Reading<'_>, node: &Node) -> Option<WaveClaim> {
    if !matches!(node.value, Value::Map(_)) {
        return reading.kind(node, "wave", "`{ pin: LED, for: 5s, period: 1s ±1% }`");
    }
    let fields = reading.fields(node, "wave", &WAVE_WORDS)?;
    let pin = reading.required(node, &fields, "pin", "say which: `pin: LED`");
    let window = reading.required(node, &fields, "for", "say how long to look: `for: 5s`");
    let field = |word: &str| fields.get(word);
    let claim = WaveClaim {
        pin: pin_word(reading, pin?)?,
        window: reading.quantity(window?, "for", some_time)?,
        period: optional(field("period"), |node| reading.quantity(node, "period", parse_period))?,
        frequency: optional(field("frequency"), |node| {
            reading.quantity(node, "frequency", parse_frequency)
        })?,
        duty: optional(field("duty"), |node| reading.quantity(node, "duty", parse_duty))?,
        count: optional(field("count"), |node| reading.number(node, "count"))?,
        first: optional(field("first"), |node| direction(reading, node))?,
        high: optional(field("high"), |node| width(reading, node, "high"))?,
        low: optional(field("low"), |node| width(reading, node, "low"))?,
        glitch: optional(field("glitch"), |node| reading.quantity(node, "glitch", some_time))?,
        lag: optional(field("lag"), |node| lag(reading, node))?,
    };
    match impossible(&claim) {
        None => Some(claim),
        Some(problem) => reading.fail(node.place, problem),
    }
}

fn lag(reading: &mut Reading<'_>, node: &Node) -> Option<LagClaim> {
    if !matches!(node.value, Value::Map(_)) {
        return reading.kind(node, "lag", "`{ behind: P24, by: 10ms ±1ms }`, or `by: 90° ±2°`");
    }
    let fields = reading.fields(node, "lag", &LAG_WORDS)?;
    let behind = reading.required(node, &fields, "behind", "say which pin: `behind: P24`");
    let by = reading.required(node, &fields, "by", "say how far: `by: 10ms ±1ms`");
    Some(LagClaim {
        behind: pin_word(reading, behind?)?,
        by: reading.quantity(by?, "by", parse_lag)?,
    })
}

fn direction(reading: &mut Reading<'_>, node: &Node) -> Option<Direction> {
    match reading.text(node, "first")?.as_str() {
        "rising" => Some(Direction::Rising),
        "falling" => Some(Direction::Falling),
        word => reading.fail(node.place, Problem::unknown("edge", word, DIRECTION_WORDS)),
    }
}

fn width(reading: &mut Reading<'_>, node: &Node, key: &'static str) -> Option<Width> {
    let wanted = "`{ min: 19ms, max: 22ms }`, or one of both";
    if !matches!(&node.value, Value::Map(entries) if !entries.is_empty()) {
        return reading.kind(node, key, wanted);
    }
    let fields = reading.fields(node, key, &WIDTH_WORDS)?;
    let border = |word: &str| fields.get(word);
    let min = optional(border("min"), |node| reading.quantity(node, "min", parse_duration))?;
    let max = optional(border("max"), |node| reading.quantity(node, "max", parse_duration))?;
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        return reading.fail(node.place, Problem::MinAboveMax { min, max });
    }
    Some(Width { min, max })
}

/// Why no wave can be as `claim` says.
fn impossible(claim: &WaveClaim) -> Option<Problem> {
    let WaveClaim { pin, window, period, frequency, duty, count, first, high, low, glitch, lag } =
        claim;
    let needs_period = period.is_some() || frequency.is_some() || duty.is_some();
    let needs_edge = first.is_some() || high.is_some() || low.is_some() || lag.is_some();
    if period.is_some() && frequency.is_some() {
        return Some(Problem::PeriodAndFrequency);
    }
    match count {
        None if !needs_period && !needs_edge && glitch.is_none() => {
            return Some(Problem::EmptyWave);
        }
        Some(count @ 0..2) if needs_period => return Some(Problem::FewEdges { count: *count }),
        Some(0)
            if *first == Some(Direction::Rising)
                || high.is_some()
                || low.is_some()
                || lag.is_some() =>
        {
            return Some(Problem::NoEdges);
        }
        _ => {}
    }
    if lag.as_ref().is_some_and(|lag| lag.behind == *pin) {
        return Some(Problem::OwnLag { pin: pin.clone() });
    }
    let width = [high, low].into_iter().flatten().filter_map(|width| width.min);
    let width = width.chain(*glitch).max();
    if let Some(width) = width.filter(|width| width >= window) {
        return Some(Problem::ShortForPulse { window: *window, width });
    }
    let (period, shortest) = shortest_period(claim)?;
    // Neighbouring edges are a period apart, and the window ends before its last nanosecond.
    let periods = u32::try_from(count.unwrap_or(2).saturating_sub(1)).unwrap_or(u32::MAX);
    let is_short = shortest.checked_mul(periods).is_none_or(|needed| needed >= *window);
    is_short.then_some(Problem::ShortWindow { window: *window, period, periods })
}

/// The claimed period, and the shortest that the claim allows.
fn shortest_period(claim: &WaveClaim) -> Option<(Duration, Duration)> {
    match (claim.period, claim.frequency) {
        (Some((period, tolerance)), _) => {
            Some((period, period.saturating_sub(tolerance.of(period))))
        }
        (None, Some(frequency)) => Some(frequency.periods()),
        (None, None) => None,
    }
}
