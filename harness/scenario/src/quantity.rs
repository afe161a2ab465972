//! Durations, percentages and tolerances, with their units.
//!
//! The one idea: a number without a unit says nothing, so none is taken, and
//! the refusal shows the number with one. All arithmetic on durations is exact
//! to the nanosecond.

use std::fmt;
use std::time::Duration;

/// Units of durations and their nanoseconds, longest first.
const UNITS: [(&str, u64); 6] = [
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    // The SI spelling, with either of the two characters that look like it.
    ("µs", 1_000),
    ("ns", 1),
];

/// The sign between a value and its tolerance, and what keyboards have.
const PLUS_MINUS: [&str; 2] = ["±", "+-"];

/// How far a measured duration may lie from the wanted one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// This many percent of the wanted duration.
    Relative(f64),
    /// This long.
    Absolute(Duration),
}

impl Tolerance {
    /// Whether `measured` is near enough to `wanted`; the borders count as near.
    pub fn allows(&self, measured: Duration, wanted: Duration) -> bool {
        let off = measured.abs_diff(wanted);
        match self {
            Tolerance::Absolute(most) => off <= *most,
            Tolerance::Relative(percent) => {
                off.as_nanos() as f64 * 100.0 <= wanted.as_nanos() as f64 * percent
            }
        }
    }

    /// The longest difference that it allows from `wanted`, in whole nanoseconds.
    pub fn of(&self, wanted: Duration) -> Duration {
        match self {
            Tolerance::Absolute(most) => *most,
            Tolerance::Relative(percent) => {
                Duration::from_nanos((wanted.as_nanos() as f64 * percent / 100.0) as u64)
            }
        }
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tolerance::Relative(percent) => write!(f, "±{percent}%"),
            Tolerance::Absolute(most) => write!(f, "±{}", show_duration(*most)),
        }
    }
}

/// Why a text is no quantity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// A number alone.
    #[error("`{text}` has no unit (write {fixed})")]
    NoUnit {
        /// What was written.
        text: String,
        /// The same with units.
        fixed: String,
    },
    /// A number, and a word that is no unit here.
    #[error("`{unit}` in `{text}` is no unit here (use {allowed})")]
    UnknownUnit {
        /// What was written.
        text: String,
        /// What stands after the number.
        unit: String,
        /// What may stand there.
        allowed: &'static str,
    },
    /// It does not begin with a number.
    #[error("`{text}` is no number with a unit (write one like {example})")]
    NotANumber {
        /// What was written.
        text: String,
        /// What it could be.
        example: &'static str,
    },
    /// Machine time has whole nanoseconds only.
    #[error("`{text}` is finer than a nanosecond (machine time has nothing between two of them)")]
    TooFine {
        /// What was written.
        text: String,
    },
    /// Memory comes in whole bytes.
    #[error("`{text}` is no whole number of bytes")]
    NoWholeByte {
        /// What was written.
        text: String,
    },
    /// An amount of memory without a sign that says on which side of it is right.
    #[error("`{text}` does not say how to compare (write {fixed})")]
    NoComparison {
        /// What was written.
        text: String,
        /// The same with a sign.
        fixed: String,
    },
    /// A tolerance where a border is meant.
    #[error("`{text}` has a tolerance and a border (a tolerance goes with `=` only)")]
    ToleranceAlone {
        /// What was written.
        text: String,
    },
    /// Out of range.
    #[error("`{text}` is out of range (allowed are {range})")]
    OutOfRange {
        /// What was written.
        text: String,
        /// What is allowed.
        range: &'static str,
    },
    /// A measured value is never exact.
    #[error("`{text}` has no tolerance (write {fixed})")]
    NoTolerance {
        /// What was written.
        text: String,
        /// The same with one.
        fixed: String,
    },
}

const DURATION_UNITS: &str = "ns, us, ms, s or min";
const DURATION_RANGE: &str = "0 to 500 years";

/// A duration such as `500ms`, `2.5s`, `10us` or `1min`, exact to the nanosecond.
///
/// # Errors
///
/// [`QuantityError`] for a missing or unknown unit, for what is no number, for
/// fractions of a nanosecond and for more than `u64` nanoseconds.
pub fn parse_duration(text: &str) -> Result<Duration, QuantityError> {
    let (number, unit) = split(text, "500ms")?;
    if unit.is_empty() {
        return Err(QuantityError::NoUnit { text: text.to_owned(), fixed: with_unit(number) });
    }
    let unit_ns = UNITS.iter().find(|(name, _)| *name == unit || (unit == "μs" && *name == "us"));
    let (_, unit_ns) = unit_ns.ok_or_else(|| QuantityError::UnknownUnit {
        text: text.to_owned(),
        unit: unit.to_owned(),
        allowed: DURATION_UNITS,
    })?;
    nanoseconds(text, number, *unit_ns).map(Duration::from_nanos)
}

/// A percentage such as `50%` or `0.1%`; not negative.
///
/// # Errors
///
/// [`QuantityError`] if it is no number, or has no `%`.
pub fn parse_percent(text: &str) -> Result<f64, QuantityError> {
    let (number, unit) = split(text, "50%")?;
    match unit {
        "%" => number
            .parse()
            .map_err(|_| QuantityError::NotANumber { text: text.to_owned(), example: "50%" }),
        "" => Err(QuantityError::NoUnit { text: text.to_owned(), fixed: format!("`{number}%`") }),
        unit => Err(QuantityError::UnknownUnit {
            text: text.to_owned(),
            unit: unit.to_owned(),
            allowed: "%",
        }),
    }
}

/// A duration and how far a measured one may be off: `1s ±1%`, `20ms +-1ms`.
///
/// # Errors
///
/// [`QuantityError`] of either part, or if there is no tolerance.
pub fn parse_period(text: &str) -> Result<(Duration, Tolerance), QuantityError> {
    let Some((wanted, tolerance)) = split_tolerance(text) else {
        let wanted = parse_duration(text)?;
        let fixed = format!("`{} ±1%`", show_duration(wanted));
        return Err(QuantityError::NoTolerance { text: text.to_owned(), fixed });
    };
    let tolerance = tolerance_of(tolerance)?;
    Ok((parse_duration(wanted)?, tolerance))
}

fn tolerance_of(text: &str) -> Result<Tolerance, QuantityError> {
    Ok(if text.ends_with('%') {
        Tolerance::Relative(parse_percent(text)?)
    } else {
        Tolerance::Absolute(parse_duration(text)?)
    })
}

/// How far a duration may be off, by itself: `10%`, `2ms`.
///
/// # Errors
///
/// [`QuantityError`] for a missing or unknown unit, and for what is no number.
pub fn parse_tolerance(text: &str) -> Result<Tolerance, QuantityError> {
    let text = text.trim();
    tolerance_of(text).map_err(|error| match error {
        QuantityError::NoUnit { text, .. } => {
            QuantityError::NoUnit { fixed: format!("`{text}%` or `{text}ms`"), text }
        }
        QuantityError::UnknownUnit { text, unit, .. } => {
            QuantityError::UnknownUnit { text, unit, allowed: "%, ns, us, ms, s or min" }
        }
        other => other,
    })
}

/// A duration in which something can happen.
pub(crate) fn some_time(text: &str) -> Result<Duration, QuantityError> {
    match parse_duration(text)? {
        Duration::ZERO => {
            Err(QuantityError::OutOfRange { text: text.to_owned(), range: "more than 0s" })
        }
        time => Ok(time),
    }
}

/// A share of a period and how many points it may be off: `50% ±1%`.
///
/// # Errors
///
/// [`QuantityError`] of either part, if there is no tolerance, or if the share
/// is more than 100%.
pub fn parse_duty(text: &str) -> Result<(f64, f64), QuantityError> {
    let Some((wanted, tolerance)) = split_tolerance(text) else {
        let fixed = format!("`{}% ±1%`", parse_percent(text)?);
        return Err(QuantityError::NoTolerance { text: text.to_owned(), fixed });
    };
    let wanted_percent = parse_percent(wanted)?;
    if wanted_percent > 100.0 {
        return Err(QuantityError::OutOfRange { text: wanted.to_owned(), range: "0% to 100%" });
    }
    Ok((wanted_percent, parse_percent(tolerance)?))
}

/// `duration` in the longest unit that shows it exactly, as [`parse_duration`] reads it.
///
/// More than `u64` nanoseconds (500 years) show as so many.
pub fn show_duration(duration: Duration) -> String {
    let ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    // Minutes are for people who write them; `90s` reads better than `1.5min`.
    let (unit, unit_ns) = match ns {
        1_000_000_000.. => ("s", 1_000_000_000),
        1_000_000.. => ("ms", 1_000_000),
        1_000.. => ("us", 1_000),
        1.. => ("ns", 1),
        0 => return "0s".to_owned(),
    };
    let digits = format!("{:0>1$}", ns % unit_ns, unit_ns.ilog10() as usize);
    match digits.trim_end_matches('0') {
        "" => format!("{}{unit}", ns / unit_ns),
        fraction => format!("{}.{fraction}{unit}", ns / unit_ns),
    }
}

/// The number at the start of `text`, and the word after it.
pub(crate) fn split<'a>(
    text: &'a str,
    example: &'static str,
) -> Result<(&'a str, &'a str), QuantityError> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    if digits == 0 || number.len() - digits > 1 || number.starts_with('.') || number.ends_with('.')
    {
        return Err(QuantityError::NotANumber { text: text.to_owned(), example });
    }
    Ok((number, unit.trim_start()))
}

pub(crate) fn split_tolerance(text: &str) -> Option<(&str, &str)> {
    let (value, tolerance) = PLUS_MINUS.iter().find_map(|sign| text.split_once(sign))?;
    Some((value.trim(), tolerance.trim()))
}

/// `number` times `unit_ns`, without rounding.
fn nanoseconds(text: &str, number: &str, unit_ns: u64) -> Result<u64, QuantityError> {
    let out_of_range =
        || QuantityError::OutOfRange { text: text.to_owned(), range: DURATION_RANGE };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction = fraction.trim_end_matches('0');
    let mut ns: u64 = whole.parse().map_err(|_| out_of_range())?;
    ns = ns.checked_mul(unit_ns).ok_or_else(out_of_range)?;
    let mut digit_ns = unit_ns;
    for digit in fraction.bytes() {
        // A minute is 6·10^10 ns: its digits divide as long as a nanosecond is left.
        if !digit_ns.is_multiple_of(10) {
            return Err(QuantityError::TooFine { text: text.to_owned() });
        }
        digit_ns /= 10;
        ns = ns.checked_add(u64::from(digit - b'0') * digit_ns).ok_or_else(out_of_range)?;
    }
    Ok(ns)
}

/// What somebody may have meant by a bare number: milliseconds if it is large.
fn with_unit(number: &str) -> String {
    match number.parse::<f64>() {
        Ok(value) if value >= 10.0 => format!("`{number}ms` or `{number}s`"),
        _ => format!("`{number}s` or `{number}ms`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
    fn check_duration(text: &str, expected: Expect) {
        expected.assert_eq(
            &parse_duration(text)
                .map_or_else(|e| e.to_string(), |d| format!("{} ns", d.as_nanos())),
        );
    }

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
    fn check_period(text: &str, expected: Expect) {
        let got = parse_period(text)
            .map(|(wanted, tolerance)| format!("{} {tolerance}", show_duration(wanted)));
        expected.assert_eq(&got.unwrap_or_else(|e| e.to_string()));
    }

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
    fn check_duty(text: &str, expected: Expect) {
        let got = parse_duty(text).map(|(wanted, points)| format!("{wanted} {points}"));
        expected.assert_eq(&got.unwrap_or_else(|e| e.to_string()));
    }

    #[test]
    fn durations_are_exact() {
        check_duration("500ms", expect!["500000000 ns"]);
        check_duration("2.5s", expect!["2500000000 ns"]);
        check_duration("10us", expect!["10000 ns"]);
        check_duration("10µs", expect!["10000 ns"]);
        check_duration("10μs", expect!["10000 ns"]);
        check_duration("1min", expect!["60000000000 ns"]);
        check_duration("0.1min", expect!["6000000000 ns"]);
        check_duration(" 3 ns ", expect!["3 ns"]);
        check_duration("0.000000001s", expect!["1 ns"]);
        check_duration("1.50s", expect!["1500000000 ns"]);
    }

    #[test]
    fn what_is_no_duration_shows_one() {
        check_duration("2", expect!["`2` has no unit (write `2s` or `2ms`)"]);
        check_duration("500", expect!["`500` has no unit (write `500ms` or `500s`)"]);
        check_duration(
            "2 sec",
            expect!["`sec` in `2 sec` is no unit here (use ns, us, ms, s or min)"],
        );
        check_duration("50%", expect!["`%` in `50%` is no unit here (use ns, us, ms, s or min)"]);
        check_duration("soon", expect!["`soon` is no number with a unit (write one like 500ms)"]);
        check_duration("-1s", expect!["`-1s` is no number with a unit (write one like 500ms)"]);
        check_duration(
            "1.2.3s",
            expect!["`1.2.3s` is no number with a unit (write one like 500ms)"],
        );
        check_duration(".5s", expect!["`.5s` is no number with a unit (write one like 500ms)"]);
        check_duration("", expect!["`` is no number with a unit (write one like 500ms)"]);
        check_duration(
            "0.5ns",
            expect![
                "`0.5ns` is finer than a nanosecond (machine time has nothing between two of them)"
            ],
        );
        check_duration(
            "99999999999s",
            expect!["`99999999999s` is out of range (allowed are 0 to 500 years)"],
        );
    }

    #[test]
    fn periods_have_a_tolerance() {
        check_period("1s ±1%", expect!["1s ±1%"]);
        check_period("20ms+-1ms", expect!["20ms ±1ms"]);
        check_period("1s +- 0.1%", expect!["1s ±0.1%"]);
        check_period("1s", expect!["`1s` has no tolerance (write `1s ±1%`)"]);
        check_period("1s ±1", expect!["`1` has no unit (write `1s` or `1ms`)"]);
        check_period("1 ±1%", expect!["`1` has no unit (write `1s` or `1ms`)"]);
    }

    #[test]
    fn duties_are_percent_and_points() {
        check_duty("50% ±1%", expect!["50 1"]);
        check_duty("12.5% +-0.5%", expect!["12.5 0.5"]);
        check_duty("50%", expect!["`50%` has no tolerance (write `50% ±1%`)"]);
        check_duty("50", expect!["`50` has no unit (write `50%`)"]);
        check_duty("50% ±1ms", expect!["`ms` in `1ms` is no unit here (use %)"]);
        check_duty("150% ±1%", expect!["`150%` is out of range (allowed are 0% to 100%)"]);
    }

    #[test]
    fn tolerances_include_their_borders() {
        let ms = Duration::from_millis;
        assert!(Tolerance::Relative(1.0).allows(ms(1010), ms(1000)));
        assert!(Tolerance::Relative(0.1).allows(ms(999), ms(1000)));
        assert!(!Tolerance::Relative(1.0).allows(ms(1011), ms(1000)));
        assert!(Tolerance::Absolute(ms(2)).allows(ms(998), ms(1000)));
        assert!(!Tolerance::Absolute(ms(2)).allows(ms(997), ms(1000)));
        assert_eq!(Tolerance::Relative(1.0).of(ms(1000)), ms(10));
    }

    proptest! {
        #[test]
        fn a_shown_duration_is_read_back(ns: u64) {
            let duration = Duration::from_nanos(ns);
            prop_assert_eq!(parse_duration(&show_duration(duration)), Ok(duration));
        }

        #[test]
        fn no_text_breaks_the_reader(text in r"[0-9.]{0,25}[ a-zµ%±+-]{0,5}") {
            let _ = (parse_duration(&text), parse_period(&text), parse_duty(&text));
        }
    }
}
