//! `wave`: claims the shape of waves from the start of the step on.

use replab_record::{Claim, MachineTime, Marginal, PinName, StepPlace, Wave};
use replab_scenario::{Direction, Tolerance, WaveClaim, Width, show_duration};

use crate::error::{Ended, Played, failed};
use crate::limits::{Limits, Unit, nanos};
use crate::parts::{Finest, Part, Remark, lag_limits};
use crate::session::Session;
use crate::wave::{WaveFigures, percent, table};

pub(super) fn play(
    session: &mut Session<'_>,
    claims: &[WaveClaim],
    place: &StepPlace,
) -> Played<Vec<WaveFigures>> {
    let longest = claims.iter().map(|claim| claim.window).max().unwrap_or_default();
    session.run_to(session.step_start() + longest)?;
    claims.iter().map(|claim| judge(session, claim, place)).collect()
}

/// Judges one wave, whose window is over.
fn judge(session: &mut Session<'_>, claim: &WaveClaim, place: &StepPlace) -> Played<WaveFigures> {
    let pin = session.pin(&claim.pin)?;
    let other = claim.lag.as_ref().map(|lag| session.pin(&lag.behind)).transpose()?;
    let start = session.step_start();
    let end = start + claim.window;
    let figures = WaveFigures::measure(&claim.pin, &session.record.wave(&pin, start, end));
    let whole = |pin: &PinName| session.record.wave(pin, MachineTime::ZERO, end);
    let other = other.as_ref().map(whole);
    let parts = parts(claim, &figures, other.as_ref(), finest(session));
    conclude(session, &figures, parts, &[], place)?;
    Ok(figures)
}

/// How finely the board tells times: an edge comes with an instruction.
pub(super) fn finest(session: &Session<'_>) -> Finest {
    Finest(std::time::Duration::from_nanos(session.board.instruction_ns.into()))
}

/// Fails with the first of `parts` that is wrong; or keeps what hardly is right, and fails
/// with that where the run is a strict one. `table` stands before the edges then.
pub(super) fn conclude(
    session: &mut Session<'_>,
    figures: &WaveFigures,
    parts: Vec<Part>,
    table: &[String],
    place: &StepPlace,
) -> Played {
    let mut remarks = Vec::new();
    for part in parts {
        match part {
            Ok(remark) => remarks.extend(remark),
            Err(wrong) => return Err(wave_failed(wrong, figures, table)),
        }
    }
    if session.is_strict
        && let Some(Remark { expected, got, at }) = remarks.first().cloned()
    {
        let expected = format!("{expected}, and not near a limit (strict)");
        return Err(wave_failed(Remark { expected, got, at }, figures, table));
    }
    session.marginal.extend(remarks.into_iter().map(|Remark { expected, got, at }| Marginal {
        step: place.clone(),
        expected,
        got,
        at,
    }));
    Ok(())
}

fn wave_failed(wrong: Remark, figures: &WaveFigures, before: &[String]) -> Ended {
    let Remark { expected, got, at } = wrong;
    let mut failure = failed(Claim::Wave { expected, got }, at);
    if !figures.wave.edges.is_empty() {
        failure.details = before.to_vec();
        failure.details.extend(table(figures, at));
    }
    Ended::Failed(Box::new(failure))
}

/// The parts of `claim`, the most telling first. A wrong period explains a wrong count, not
/// the other way round. Where there is no period, the count says why.
fn parts(
    claim: &WaveClaim,
    figures: &WaveFigures,
    other: Option<&Wave>,
    finest: Finest,
) -> Vec<Part> {
    let count = count(claim, figures);
    let periods = [
        period(claim, figures, finest),
        frequency(claim, figures, finest),
        duty(claim, figures, finest),
    ];
    let periods = periods.into_iter().flatten();
    let mut parts: Vec<Part> = match figures.periods.is_empty() {
        true => count.into_iter().chain(periods).collect(),
        false => periods.chain(count).collect(),
    };
    parts.extend(first(claim, figures));
    parts.extend(width(claim, claim.high, "high", figures, finest));
    parts.extend(width(claim, claim.low, "low", figures, finest));
    parts.extend(glitch(claim, figures, finest));
    parts.extend(lag(claim, figures, other, finest));
    parts
}

fn count(claim: &WaveClaim, figures: &WaveFigures) -> Option<Part> {
    let wanted = claim.count?;
    if wanted == figures.rising {
        return Some(Ok(None));
    }
    let edges = if wanted == 1 { "rising edge" } else { "rising edges" };
    let expected = format!("{wanted} {edges} on {} in {}", claim.pin, show_duration(claim.window));
    Some(Err(Remark { expected, got: counted(figures), at: figures.wave.end }))
}

fn period(claim: &WaveClaim, figures: &WaveFigures, finest: Finest) -> Option<Part> {
    let (wanted, tolerance) = claim.period?;
    let expected = format!("period {} {tolerance} on {}", show_duration(wanted), claim.pin);
    let off = match tolerance {
        Tolerance::Relative(percent) => nanos(wanted) * percent / 100.0,
        Tolerance::Absolute(most) => nanos(most),
    };
    let limits = Limits::around(Unit::Time, nanos(wanted), off);
    let none = || no_period(figures);
    Some(finest.periods(figures).hold(expected, &limits, none, figures.wave.end))
}

fn frequency(claim: &WaveClaim, figures: &WaveFigures, finest: Finest) -> Option<Part> {
    let wanted = claim.frequency?;
    let expected = format!("frequency {wanted} on {}", claim.pin);
    let limits = Limits::around(Unit::Frequency, wanted.wanted_hz, wanted.tolerance_hz);
    let none = || no_period(figures);
    Some(finest.frequencies(figures).hold(expected, &limits, none, figures.wave.end))
}

fn duty(claim: &WaveClaim, figures: &WaveFigures, finest: Finest) -> Option<Part> {
    let (wanted, points) = claim.duty?;
    let expected = format!("duty {} ±{} on {}", percent(wanted), percent(points), claim.pin);
    let limits = Limits::around(Unit::Duty, wanted, points);
    let none = || no_period(figures);
    Some(finest.duties(figures).hold(expected, &limits, none, figures.wave.end))
}

fn first(claim: &WaveClaim, figures: &WaveFigures) -> Option<Part> {
    let wanted = claim.first?;
    if figures.first == Some(wanted) {
        return Some(Ok(None));
    }
    let wave = &figures.wave;
    let expected = format!("a {} edge first on {}", direction(wanted), claim.pin);
    let got = match figures.first {
        Some(first) => format!("a {} one", direction(first)),
        None => format!("no edge at all, the pin was {}", wave.before),
    };
    let at = wave.edges.first().map_or(wave.end, |edge| edge.at);
    Some(Err(Remark { expected, got, at }))
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Rising => "rising",
        Direction::Falling => "falling",
    }
}

fn width(
    claim: &WaveClaim,
    wanted: Option<Width>,
    level: &str,
    figures: &WaveFigures,
    finest: Finest,
) -> Option<Part> {
    let wanted = wanted?;
    let measured = match level {
        "high" => finest.pulses("high pulse", &figures.high),
        _ => finest.pulses("low pulse", &figures.low),
    };
    let expected = format!("{level} for {} on {}", range(wanted), claim.pin);
    let limits = Limits::between(wanted.min, wanted.max);
    let none = || format!("no whole {level} pulse");
    Some(measured.hold(expected, &limits, none, figures.wave.end))
}

/// `19ms to 22ms`, `at least 19ms`, `at most 22ms`.
fn range(width: Width) -> String {
    match (width.min.map(show_duration), width.max.map(show_duration)) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => "any time".to_string(),
    }
}

/// A pin that does not move has no glitch.
fn glitch(claim: &WaveClaim, figures: &WaveFigures, finest: Finest) -> Option<Part> {
    let shortest = claim.glitch?;
    let measured = finest.all_pulses(&figures.wave);
    if measured.values.is_empty() {
        return Some(Ok(None));
    }
    let expected = format!("no pulse shorter than {} on {}", show_duration(shortest), claim.pin);
    let limits = Limits::between(Some(shortest), None);
    Some(measured.hold(expected, &limits, String::new, figures.wave.end))
}

fn lag(
    claim: &WaveClaim,
    figures: &WaveFigures,
    other: Option<&Wave>,
    finest: Finest,
) -> Option<Part> {
    let (lag, other) = (claim.lag.as_ref()?, other?);
    let expected = format!("{} to lag behind {} by {}", claim.pin, lag.behind, lag.by);
    let none = || match figures.rising {
        0 => counted(figures),
        _ => format!("no rising edge on {} to compare with", lag.behind),
    };
    let measured = finest.lags(&figures.wave, other, lag.by);
    Some(measured.hold(expected, &lag_limits(lag), none, figures.wave.end))
}

fn no_period(figures: &WaveFigures) -> String {
    format!("no whole period: {}", counted(figures))
}

/// `3`, or what the pin did instead of rising.
fn counted(figures: &WaveFigures) -> String {
    match (figures.rising, figures.wave.edges.len()) {
        (0, 0) => format!("no edge at all, the pin was {}", figures.wave.before),
        (0, _) => "no rising edge".to_string(),
        (1, _) => "1 rising edge".to_string(),
        (rising, _) => format!("{rising} rising edges"),
    }
}
