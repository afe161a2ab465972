//! What a scenario gives an analog input: a voltage, or a temperature.

use crate::quantity::{QuantityError, split};

/// Units of voltages and their microvolts.
const VOLTS: [(&str, f64); 4] = [("V", 1e6), ("mV", 1e3), ("uV", 1.0), ("µV", 1.0)];

/// Units of temperatures and their thousandths of a degree.
const DEGREES: [(&str, f64); 2] = [("°C", 1e3), ("C", 1e3)];

/// A voltage such as `1.2 V` or `900mV`, in microvolts, rounded; up to 5 V.
///
/// # Errors
///
/// [`QuantityError`] for a missing or unknown unit, for what is no number (a sign is
/// none: no input stands less than 0 V), and for more.
pub fn parse_voltage(text: &str) -> Result<i32, QuantityError> {
    parse(text, &VOLTS, "1.2 V", "V, mV or uV", 5e6, "0 V to 5 V")
}

/// A temperature such as `30 °C` or `-5.5 C`, in thousandths of a degree Celsius,
/// rounded; -100 °C to 200 °C.
///
/// # Errors
///
/// [`QuantityError`] for a missing or unknown unit, for what is no number, and out of range.
pub fn parse_temperature(text: &str) -> Result<i32, QuantityError> {
    const RANGE: &str = "-100 °C to 200 °C";
    match text.trim().strip_prefix('-') {
        Some(cold) => {
            parse(cold, &DEGREES, "30 °C", "°C", 1e5, RANGE).map(|millidegrees| -millidegrees)
        }
        None => parse(text, &DEGREES, "30 °C", "°C", 2e5, RANGE),
    }
}

fn parse(
    text: &str,
    units: &[(&str, f64)],
    example: &'static str,
    allowed: &'static str,
    most: f64,
    range: &'static str,
) -> Result<i32, QuantityError> {
    let (number, unit) = split(text, example)?;
    let text = || text.to_owned();
    if unit.is_empty() {
        let fixed = format!("`{number} {}`", units[0].0);
        return Err(QuantityError::NoUnit { text: text(), fixed });
    }
    let Some((_, scale)) = units.iter().find(|(name, _)| *name == unit) else {
        return Err(QuantityError::UnknownUnit { text: text(), unit: unit.to_owned(), allowed });
    };
    let number: f64 =
        number.parse().map_err(|_| QuantityError::NotANumber { text: text(), example })?;
    let value = (number * scale).round();
    if value > most {
        return Err(QuantityError::OutOfRange { text: text(), range });
    }
    // `split` takes no sign, so it is 0 to `most`, which fits.
    Ok(value as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(parse: fn(&str) -> Result<i32, QuantityError>, text: &str, expected: &str) {
        let shown = match parse(text) {
            Ok(value) => value.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn a_voltage_has_a_unit() {
        check(parse_voltage, "1.2 V", "1200000");
        check(parse_voltage, "900mV", "900000");
        check(parse_voltage, "0 V", "0");
        check(parse_voltage, "12 µV", "12");
        check(parse_voltage, "1.2", "`1.2` has no unit (write `1.2 V`)");
        check(parse_voltage, "3 A", "`A` in `3 A` is no unit here (use V, mV or uV)");
        check(parse_voltage, "5.1 V", "`5.1 V` is out of range (allowed are 0 V to 5 V)");
        check(parse_voltage, "high", "`high` is no number with a unit (write one like 1.2 V)");
        check(parse_voltage, "-1 V", "`-1 V` is no number with a unit (write one like 1.2 V)");
    }

    #[test]
    fn a_temperature_may_be_below_zero() {
        check(parse_temperature, "30 °C", "30000");
        check(parse_temperature, "-5.5 C", "-5500");
        check(
            parse_temperature,
            "201 °C",
            "`201 °C` is out of range (allowed are -100 °C to 200 °C)",
        );
        check(parse_temperature, "30", "`30` has no unit (write `30 °C`)");
        check(parse_temperature, "30 V", "`V` in `30 V` is no unit here (use °C)");
    }
}
