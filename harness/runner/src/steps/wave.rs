//! `wave`: claims the shape of a pin's wave from the start of the step on.

use replab_record::{Claim, MachineTime, Wave};
use replab_scenario::{Direction, WaveClaim, Width, hertz, show_duration, show_hertz};

use crate::error::{Ended, Played, failed};
use crate::session::Session;
use crate::wave::{Pulse, WaveFigures, percent, table};

pub(super) fn play(session: &mut Session<'_>, claim: &WaveClaim) -> Played<WaveFigures> {
    let pin = session.pin(&claim.pin)?;
    let start = session.step_start();
    let end = start + claim.window;
    session.run_to(end)?;
    let wave = session.record.wave(&pin, start, end);
    let figures = WaveFigures::measure(&claim.pin, &wave);
    match first_wrong(claim, &figures, &wave) {
        None => Ok(figures),
        Some(wrong) => {
            let mut failure =
                failed(Claim::Wave { expected: wrong.expected, got: wrong.got }, wrong.at);
            if !wave.edges.is_empty() {
                failure.details = table(&wave, &figures, wrong.at);
            }
            Err(Ended::Failed(Box::new(failure)))
        }
    }
}

/// A part of the claim that does not hold.
struct Wrong {
    expected: String,
    got: String,
    /// The edge that shows it, or the end of the window.
    at: MachineTime,
}

/// A wrong period explains a wrong count, not the other way round. Where there is
/// no period, the count says why.
fn first_wrong(claim: &WaveClaim, figures: &WaveFigures, wave: &Wave) -> Option<Wrong> {
    let count = || wrong_count(claim, figures, wave);
    let periods = || {
        wrong_period(claim, figures, wave)
            .or_else(|| wrong_frequency(claim, figures, wave))
            .or_else(|| wrong_duty(claim, figures, wave))
    };
    let wrong = if figures.periods.is_empty() {
        count().or_else(periods)
    } else {
        periods().or_else(count)
    };
    wrong
        .or_else(|| wrong_first(claim, figures, wave))
        .or_else(|| wrong_width(claim, claim.high, "high", &figures.high, wave))
        .or_else(|| wrong_width(claim, claim.low, "low", &figures.low, wave))
}

fn wrong_count(claim: &WaveClaim, figures: &WaveFigures, wave: &Wave) -> Option<Wrong> {
    let wanted = claim.count.filter(|count| *count != figures.rising)?;
    let edges = if wanted == 1 { "rising edge" } else { "rising edges" };
    let expected = format!("{wanted} {edges} on {} in {}", claim.pin, show_duration(claim.window));
    Some(Wrong { expected, got: counted(figures, wave), at: wave.end })
}

fn wrong_period(claim: &WaveClaim, figures: &WaveFigures, wave: &Wave) -> Option<Wrong> {
    let (wanted, tolerance) = claim.period?;
    let expected = format!("period {} {tolerance} on {}", show_duration(wanted), claim.pin);
    if figures.periods.is_empty() {
        return Some(no_period(expected, figures, wave));
    }
    let index =
        figures.periods.iter().position(|period| !tolerance.allows(period.length, wanted))?;
    let period = figures.periods[index];
    Some(Wrong {
        expected,
        got: place(&show_duration(period.length), index, figures),
        at: period.start,
    })
}

fn wrong_frequency(claim: &WaveClaim, figures: &WaveFigures, wave: &Wave) -> Option<Wrong> {
    let wanted = claim.frequency?;
    let expected = format!("frequency {wanted} on {}", claim.pin);
    if figures.periods.is_empty() {
        return Some(no_period(expected, figures, wave));
    }
    let index = figures.periods.iter().position(|period| !wanted.allows(period.length))?;
    let period = figures.periods[index];
    let measured = show_hertz(hertz(period.length));
    Some(Wrong { expected, got: place(&measured, index, figures), at: period.start })
}

fn wrong_duty(claim: &WaveClaim, figures: &WaveFigures, wave: &Wave) -> Option<Wrong> {
    let (wanted, points) = claim.duty?;
    let expected = format!("duty {} ±{} on {}", percent(wanted), percent(points), claim.pin);
    if figures.periods.is_empty() {
        return Some(no_period(expected, figures, wave));
    }
    let is_wrong = |duty: f64| (duty - wanted).abs() > points;
    let index = figures.periods.iter().position(|period| is_wrong(period.duty_percent()))?;
    let period = figures.periods[index];
    Some(Wrong {
        expected,
        got: place(&percent(period.duty_percent()), index, figures),
        at: period.start,
    })
}

fn wrong_first(claim: &WaveClaim, figures: &WaveFigures, wave: &Wave) -> Option<Wrong> {
    let wanted = claim.first.filter(|wanted| figures.first != Some(*wanted))?;
    let expected = format!("a {} edge first on {}", direction(wanted), claim.pin);
    let got = match figures.first {
        Some(first) => format!("a {} one", direction(first)),
        None => format!("no edge at all, the pin was {}", wave.before),
    };
    let at = wave.edges.first().map_or(wave.end, |edge| edge.at);
    Some(Wrong { expected, got, at })
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Rising => "rising",
        Direction::Falling => "falling",
    }
}

fn wrong_width(
    claim: &WaveClaim,
    wanted: Option<Width>,
    level: &str,
    pulses: &[Pulse],
    wave: &Wave,
) -> Option<Wrong> {
    let wanted = wanted?;
    let expected = format!("{level} for {} on {}", range(wanted), claim.pin);
    if pulses.is_empty() {
        return Some(Wrong { expected, got: format!("no whole {level} pulse"), at: wave.end });
    }
    let is_wrong = |pulse: &Pulse| {
        wanted.min.is_some_and(|min| pulse.width < min)
            || wanted.max.is_some_and(|max| pulse.width > max)
    };
    let index = pulses.iter().position(is_wrong)?;
    let Pulse { start, width } = pulses[index];
    let got =
        format!("{} in {level} pulse {} of {}", show_duration(width), index + 1, pulses.len());
    Some(Wrong { expected, got, at: start })
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

fn place(measured: &str, index: usize, figures: &WaveFigures) -> String {
    format!("{measured} in period {} of {}", index + 1, figures.periods.len())
}

fn no_period(expected: String, figures: &WaveFigures, wave: &Wave) -> Wrong {
    let got = format!("no whole period: {}", counted(figures, wave));
    Wrong { expected, got, at: wave.end }
}

/// `3`, or what the pin did instead of rising.
fn counted(figures: &WaveFigures, wave: &Wave) -> String {
    match (figures.rising, wave.edges.len()) {
        (0, 0) => format!("no edge at all, the pin was {}", wave.before),
        (0, _) => "no rising edge".to_string(),
        (1, _) => "1 rising edge".to_string(),
        (rising, _) => format!("{rising} rising edges"),
    }
}
