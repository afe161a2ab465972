//! How far one pin lags behind another: a time, or an angle of the other's period.

use std::fmt;
use std::time::Duration;

use crate::quantity::{
    QuantityError, Tolerance, parse_period, show_duration, split, split_tolerance,
};

/// The units of an angle: the sign, and what keyboards have.
const DEGREES: [&str; 2] = ["°", "deg"];

const EXAMPLE: &str = "90° ±2°";

/// A claimed lag.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lag {
    /// So long after the other pin's edge.
    Time(Duration, Tolerance),
    /// So far into the other pin's period.
    Angle {
        /// From 0 up to, and without, 360.
        degrees: f64,
        /// By so many degrees it may be off either way; less than 180.
        tolerance: f64,
    },
}

impl fmt::Display for Lag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lag::Time(wanted, tolerance) => write!(f, "{} {tolerance}", show_duration(*wanted)),
            Lag::Angle { degrees, tolerance } => write!(f, "{degrees}° ±{tolerance}°"),
        }
    }
}

/// A lag and how far a measured one may be off: `10ms ±1ms`, `10ms ±1%`, `90° ±2°`, `90deg +-2deg`.
///
/// # Errors
///
/// [`QuantityError`] of either part, if there is no tolerance, or for an angle that is
/// no part of a period.
pub fn parse_lag(text: &str) -> Result<Lag, QuantityError> {
    let is_angle = DEGREES.iter().any(|unit| text.contains(unit));
    let (wanted, tolerance) = match (is_angle, split_tolerance(text)) {
        (false, _) => return parse_period(text).map(|(wanted, off)| Lag::Time(wanted, off)),
        (true, Some(parts)) => parts,
        (true, None) => {
            let fixed = format!("`{}° ±2°`", parse_angle(text)?);
            return Err(QuantityError::NoTolerance { text: text.to_owned(), fixed });
        }
    };
    let below = |text: &str, most: f64, range| match parse_angle(text)? {
        angle if angle < most => Ok(angle),
        _ => Err(QuantityError::OutOfRange { text: text.to_owned(), range }),
    };
    Ok(Lag::Angle {
        degrees: below(wanted, 360.0, "0° to less than 360°")?,
        // Half a period off to both sides is all there is.
        tolerance: below(tolerance, 180.0, "0° to less than 180°")?,
    })
}

fn parse_angle(text: &str) -> Result<f64, QuantityError> {
    let (number, unit) = split(text, EXAMPLE)?;
    match unit {
        unit if DEGREES.contains(&unit) => number
            .parse()
            .map_err(|_| QuantityError::NotANumber { text: text.to_owned(), example: EXAMPLE }),
        "" => Err(QuantityError::NoUnit { text: text.to_owned(), fixed: format!("`{number}°`") }),
        unit => Err(QuantityError::UnknownUnit {
            text: text.to_owned(),
            unit: unit.to_owned(),
            allowed: "° or deg",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let got = parse_lag(text).map_or_else(|error| error.to_string(), |lag| lag.to_string());
        assert_eq!(got, expected);
    }

    #[test]
    fn a_lag_is_a_time_or_an_angle() {
        check("10ms ±1ms", "10ms ±1ms");
        check("10ms +-1%", "10ms ±1%");
        check("90° ±2°", "90° ±2°");
        check("90 deg +- 0.5deg", "90° ±0.5°");
        check("0s ±1us", "0s ±1us");
    }

    #[test]
    fn what_is_none_shows_one() {
        check("90°", "`90°` has no tolerance (write `90° ±2°`)");
        check("90° ±2", "`2` has no unit (write `2°`)");
        check("90° ±2%", "`%` in `2%` is no unit here (use ° or deg)");
        check("400° ±2°", "`400°` is out of range (allowed are 0° to less than 360°)");
        check("90° ±180°", "`180°` is out of range (allowed are 0° to less than 180°)");
        check("90 ±2", "`2` has no unit (write `2s` or `2ms`)");
        check("10ms", "`10ms` has no tolerance (write `10ms ±1%`)");
    }
}
