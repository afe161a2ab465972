//! Frequencies, with their units and tolerances.

use std::fmt;
use std::time::Duration;

use crate::quantity::{QuantityError, parse_percent, split, split_tolerance};

/// Units of frequencies in hertz, longest words first where one ends with another.
const UNITS: [(&str, f64); 3] = [("MHz", 1e6), ("kHz", 1e3), ("Hz", 1.0)];
const UNIT_WORDS: &str = "Hz, kHz or MHz";
const EXAMPLE: &str = "1kHz";

/// A claimed frequency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frequency {
    /// In hertz; more than zero.
    pub wanted_hz: f64,
    /// By so many hertz it may be off.
    pub tolerance_hz: f64,
}

impl Frequency {
    /// Whether waves of this `period` are as wanted; the borders count.
    pub fn allows(&self, period: Duration) -> bool {
        (hertz(period) - self.wanted_hz).abs() <= self.tolerance_hz
    }

    /// The wanted period, and the shortest that is allowed.
    pub(crate) fn periods(&self) -> (Duration, Duration) {
        let period = |hz: f64| Duration::from_nanos((1e9 / hz) as u64);
        (period(self.wanted_hz), period(self.wanted_hz + self.tolerance_hz))
    }
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ±{}", show_hertz(self.wanted_hz), show_hertz(self.tolerance_hz))
    }
}

/// The frequency of waves with this period.
pub fn hertz(period: Duration) -> f64 {
    1.0 / period.as_secs_f64()
}

/// So many hertz in the unit that suits them, with at most six decimals: `1.25kHz`.
pub fn show_hertz(hz: f64) -> String {
    let (unit, of) = UNITS.iter().find(|(_, of)| hz >= *of).unwrap_or(&UNITS[2]);
    let digits = format!("{:.6}", hz / of);
    format!("{}{unit}", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// A frequency and how far a measured one may be off: `1kHz ±1%`, `50Hz ±0.5Hz`.
///
/// # Errors
///
/// [`QuantityError`] of either part, if there is no tolerance, or for 0 Hz.
pub fn parse_frequency(text: &str) -> Result<Frequency, QuantityError> {
    let Some((wanted, tolerance)) = split_tolerance(text) else {
        let fixed = format!("`{} ±1%`", show_hertz(parse_hertz(text)?));
        return Err(QuantityError::NoTolerance { text: text.to_owned(), fixed });
    };
    let wanted_hz = parse_hertz(wanted)?;
    if wanted_hz == 0.0 {
        return Err(QuantityError::OutOfRange { text: wanted.to_owned(), range: "more than 0Hz" });
    }
    let tolerance_hz = match tolerance.ends_with('%') {
        true => wanted_hz * parse_percent(tolerance)? / 100.0,
        false => parse_hertz(tolerance)?,
    };
    Ok(Frequency { wanted_hz, tolerance_hz })
}

fn parse_hertz(text: &str) -> Result<f64, QuantityError> {
    let (number, unit) = split(text, EXAMPLE)?;
    let text = || text.trim().to_owned();
    if unit.is_empty() {
        let fixed = format!("`{number}Hz` or `{number}kHz`");
        return Err(QuantityError::NoUnit { text: text(), fixed });
    }
    let found = UNITS.iter().find(|(name, _)| *name == unit);
    let (_, unit_hz) = found.ok_or_else(|| QuantityError::UnknownUnit {
        text: text(),
        unit: unit.to_owned(),
        allowed: UNIT_WORDS,
    })?;
    let number: f64 =
        number.parse().map_err(|_| QuantityError::NotANumber { text: text(), example: EXAMPLE })?;
    Ok(number * unit_hz)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
    fn check(text: &str, expected: Expect) {
        let got = parse_frequency(text).map(|frequency| frequency.to_string());
        expected.assert_eq(&got.unwrap_or_else(|error| error.to_string()));
    }

    #[test]
    fn frequencies_have_a_tolerance() {
        check("1kHz ±1%", expect!["1kHz ±10Hz"]);
        check("50 Hz +- 0.5 Hz", expect!["50Hz ±0.5Hz"]);
        check("2.5MHz±1kHz", expect!["2.5MHz ±1kHz"]);
        check("0.5Hz ±0%", expect!["0.5Hz ±0Hz"]);
    }

    #[test]
    fn what_is_no_frequency_shows_one() {
        check("1kHz", expect!["`1kHz` has no tolerance (write `1kHz ±1%`)"]);
        check("50 ±1%", expect!["`50` has no unit (write `50Hz` or `50kHz`)"]);
        check("1khz ±1%", expect!["`khz` in `1khz` is no unit here (use Hz, kHz or MHz)"]);
        check("0Hz ±1%", expect!["`0Hz` is out of range (allowed are more than 0Hz)"]);
        check("fast ±1%", expect!["`fast` is no number with a unit (write one like 1kHz)"]);
    }

    #[test]
    fn a_period_is_judged_by_its_frequency() {
        let frequency = Frequency { wanted_hz: 1000.0, tolerance_hz: 10.0 };
        let allows = |us| frequency.allows(Duration::from_micros(us));
        assert_eq!([990, 991, 1000, 1010, 1011].map(allows), [false, true, true, true, false]);
    }
}
