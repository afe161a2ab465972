//! Amounts of memory with their units, and bounds on them.
//!
//! As everywhere in the language a number without a unit is refused, because
//! `64` could be bytes or KiB. A bound is a sign, an amount and, where the sign
//! is `=`, a tolerance.

use replab_record::{Bound, Bytes, Slack};

use crate::quantity::{QuantityError, parse_percent, split, split_tolerance};

/// Units of memory and their bytes (IEC 80000-13 for KiB and MiB, SI for kB).
const UNITS: [(&str, u64); 4] = [("B", 1), ("KiB", 1024), ("MiB", 1024 * 1024), ("kB", 1000)];

const UNIT_WORDS: &str = "B, KiB, MiB or kB";
const RANGE: &str = "0 B to 4096 MiB";

/// All that a 32-bit processor can address.
const MOST: u64 = 1 << 32;

const EXAMPLE: &str = "64 KiB";

/// An amount of memory such as `64 KiB`, `1.5KiB`, `100 B` or `2 MiB`.
///
/// # Errors
///
/// [`QuantityError`] for a missing or unknown unit, for what is no number, for a
/// part of a byte and for more than 4 GiB.
pub fn parse_bytes(text: &str) -> Result<Bytes, QuantityError> {
    let (number, unit) = split(text, EXAMPLE)?;
    if unit.is_empty() {
        let fixed = format!("`{number} KiB` or `{number} B`");
        return Err(QuantityError::NoUnit { text: text.trim().to_owned(), fixed });
    }
    let found = UNITS.iter().find(|(name, _)| *name == unit);
    let (_, unit_bytes) = found.ok_or_else(|| QuantityError::UnknownUnit {
        text: text.trim().to_owned(),
        unit: unit.to_owned(),
        allowed: UNIT_WORDS,
    })?;
    count(text, number, *unit_bytes).map(Bytes::new)
}

/// A bound on an amount of memory: `>= 64 KiB`, `<= 1 KiB`, `> 0 B`, `< 2 MiB`,
/// `= 20 KiB`, `= 20 KiB ±1 KiB`, `= 20 KiB ±5%`.
///
/// # Errors
///
/// [`QuantityError`] if there is no sign, of the amount or the tolerance, or for a
/// tolerance where the sign is not `=`.
pub fn parse_bound(text: &str) -> Result<Bound, QuantityError> {
    let text = text.trim();
    let end = text.find(|c| !"<>=".contains(c)).unwrap_or(text.len());
    let (sign, rest) = text.split_at(end);
    let bound = match sign {
        ">=" => Bound::AtLeast,
        "<=" => Bound::AtMost,
        ">" => Bound::MoreThan,
        "<" => Bound::LessThan,
        "=" => return parse_equal(rest),
        _ => return Err(wrong_sign(text, sign, rest)),
    };
    if split_tolerance(rest).is_some() {
        return Err(QuantityError::ToleranceAlone { text: text.to_owned() });
    }
    amount(sign, rest).map(bound)
}

fn parse_equal(rest: &str) -> Result<Bound, QuantityError> {
    let Some((wanted, tolerance)) = split_tolerance(rest) else {
        return Ok(Bound::Equal(amount("=", rest)?, Slack::Absolute(Bytes::new(0))));
    };
    let slack = slack_of(tolerance)?;
    Ok(Bound::Equal(amount("=", wanted)?, slack))
}

fn slack_of(text: &str) -> Result<Slack, QuantityError> {
    Ok(if text.ends_with('%') {
        Slack::Relative(parse_percent(text)?)
    } else {
        Slack::Absolute(parse_bytes(text)?)
    })
}

/// How far an amount of memory may be off, by itself: `5%`, `64 B`.
///
/// # Errors
///
/// [`QuantityError`] for a missing or unknown unit, and for what is no number.
pub(crate) fn parse_slack(text: &str) -> Result<Slack, QuantityError> {
    let text = text.trim();
    slack_of(text).map_err(|error| match error {
        QuantityError::NoUnit { text, .. } => {
            QuantityError::NoUnit { fixed: format!("`{text}%` or `{text} B`"), text }
        }
        QuantityError::UnknownUnit { text, unit, .. } => {
            QuantityError::UnknownUnit { text, unit, allowed: "%, B, KiB, MiB or kB" }
        }
        other => other,
    })
}

/// The amount after `sign`; advice repeats the sign.
fn amount(sign: &str, rest: &str) -> Result<Bytes, QuantityError> {
    parse_bytes(rest).map_err(|error| match error {
        QuantityError::NoUnit { text, .. } => QuantityError::NoUnit {
            fixed: format!("`{sign} {text} KiB` or `{sign} {text} B`"),
            text: format!("{sign} {text}"),
        },
        other => other,
    })
}

fn wrong_sign(text: &str, sign: &str, rest: &str) -> QuantityError {
    let rest = rest.trim();
    let fixed = match (sign, parse_bytes(rest)) {
        ("=>", Ok(_)) => format!("`>= {rest}`"),
        ("=<", Ok(_)) => format!("`<= {rest}`"),
        ("==", Ok(_)) => format!("`= {rest}`"),
        (_, Ok(_)) => format!("`>= {rest}` or `<= {rest}`"),
        // A number alone lacks both, and what is no amount shows one.
        (_, Err(QuantityError::NoUnit { .. })) => format!("`>= {rest} KiB` or `<= {rest} KiB`"),
        (_, Err(_)) => format!("`>= {EXAMPLE}` or `<= {EXAMPLE}`"),
    };
    QuantityError::NoComparison { text: text.to_owned(), fixed }
}

/// `number` times `unit_bytes`, without rounding.
fn count(text: &str, number: &str, unit_bytes: u64) -> Result<u64, QuantityError> {
    let out_of_range = || QuantityError::OutOfRange { text: text.trim().to_owned(), range: RANGE };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction = fraction.trim_end_matches('0');
    let parts_of_byte = || QuantityError::NoWholeByte { text: text.trim().to_owned() };
    let whole: u64 = whole.parse().map_err(|_| out_of_range())?;
    let mut bytes = whole.checked_mul(unit_bytes).ok_or_else(out_of_range)?;
    if !fraction.is_empty() {
        // No unit has more than 20 factors of 2 and 5: a longer fraction cannot come out even.
        let digits = u32::try_from(fraction.len()).map_err(|_| parts_of_byte())?;
        let divisor = 10_u128.checked_pow(digits).ok_or_else(parts_of_byte)?;
        let digits: u128 = fraction.parse().map_err(|_| parts_of_byte())?;
        let scaled = digits.checked_mul(unit_bytes.into()).ok_or_else(parts_of_byte)?;
        if !scaled.is_multiple_of(divisor) {
            return Err(parts_of_byte());
        }
        let part = u64::try_from(scaled / divisor).map_err(|_| out_of_range())?;
        bytes = bytes.checked_add(part).ok_or_else(out_of_range)?;
    }
    if bytes > MOST { Err(out_of_range()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
    fn check_bytes(text: &str, expected: Expect) {
        let got = parse_bytes(text).map(|bytes| bytes.count().to_string());
        expected.assert_eq(&got.unwrap_or_else(|e| e.to_string()));
    }

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
    fn check_bound(text: &str, expected: Expect) {
        let got = parse_bound(text).map(|bound| bound.to_string());
        expected.assert_eq(&got.unwrap_or_else(|e| e.to_string()));
    }

    #[test]
    fn amounts_are_exact() {
        check_bytes("64 KiB", expect!["65536"]);
        check_bytes("64KiB", expect!["65536"]);
        check_bytes(" 1.5 KiB ", expect!["1536"]);
        check_bytes("100 B", expect!["100"]);
        check_bytes("2 MiB", expect!["2097152"]);
        check_bytes("264 kB", expect!["264000"]);
        check_bytes("0.5kB", expect!["500"]);
        check_bytes("4096 MiB", expect!["4294967296"]);
    }

    #[test]
    fn what_is_no_amount_shows_one() {
        check_bytes("64", expect!["`64` has no unit (write `64 KiB` or `64 B`)"]);
        check_bytes("64 KB", expect!["`KB` in `64 KB` is no unit here (use B, KiB, MiB or kB)"]);
        check_bytes("64 kb", expect!["`kb` in `64 kb` is no unit here (use B, KiB, MiB or kB)"]);
        check_bytes(
            "64 bytes",
            expect!["`bytes` in `64 bytes` is no unit here (use B, KiB, MiB or kB)"],
        );
        check_bytes("0.3 KiB", expect!["`0.3 KiB` is no whole number of bytes"]);
        check_bytes("1.5 B", expect!["`1.5 B` is no whole number of bytes"]);
        check_bytes(
            "0.00000000000000000000000000000000000000000001 KiB",
            expect![
                "`0.00000000000000000000000000000000000000000001 KiB` is no whole number of bytes"
            ],
        );
        check_bytes(
            "4097 MiB",
            expect!["`4097 MiB` is out of range (allowed are 0 B to 4096 MiB)"],
        );
        check_bytes(
            "99999999999999999999 B",
            expect!["`99999999999999999999 B` is out of range (allowed are 0 B to 4096 MiB)"],
        );
        check_bytes("-1 B", expect!["`-1 B` is no number with a unit (write one like 64 KiB)"]);
        check_bytes("lots", expect!["`lots` is no number with a unit (write one like 64 KiB)"]);
    }

    #[test]
    fn bounds_are_a_sign_and_an_amount() {
        check_bound(">= 64 KiB", expect![">= 64 KiB"]);
        check_bound("<=1KiB", expect!["<= 1 KiB"]);
        check_bound("> 0 B", expect!["> 0 B"]);
        check_bound("< 2 MiB", expect!["< 2 MiB"]);
        check_bound("= 20 kB", expect!["= 20000 B"]);
        check_bound("= 20 KiB ±1 KiB", expect!["= 20 KiB ±1 KiB"]);
        check_bound("= 20 KiB +- 5%", expect!["= 20 KiB ±5%"]);
    }

    #[test]
    fn what_is_no_bound_shows_one() {
        check_bound(
            ">= 65536",
            expect!["`>= 65536` has no unit (write `>= 65536 KiB` or `>= 65536 B`)"],
        );
        check_bound("= 20 KiB ±1", expect!["`1` has no unit (write `1 KiB` or `1 B`)"]);
        check_bound(
            "64 KiB",
            expect!["`64 KiB` does not say how to compare (write `>= 64 KiB` or `<= 64 KiB`)"],
        );
        check_bound(
            "64",
            expect!["`64` does not say how to compare (write `>= 64 KiB` or `<= 64 KiB`)"],
        );
        check_bound(
            "=> 64 KiB",
            expect!["`=> 64 KiB` does not say how to compare (write `>= 64 KiB`)"],
        );
        check_bound(
            "=< 64 KiB",
            expect!["`=< 64 KiB` does not say how to compare (write `<= 64 KiB`)"],
        );
        check_bound(
            "== 64 KiB",
            expect!["`== 64 KiB` does not say how to compare (write `= 64 KiB`)"],
        );
        check_bound(
            "<> 64 KiB",
            expect!["`<> 64 KiB` does not say how to compare (write `>= 64 KiB` or `<= 64 KiB`)"],
        );
        check_bound(
            ">= 64 KiB ±1%",
            expect![
                "`>= 64 KiB ±1%` has a tolerance and a border (a tolerance goes with `=` only)"
            ],
        );
        check_bound(">= much", expect!["`much` is no number with a unit (write one like 64 KiB)"]);
        check_bound(
            "",
            expect!["`` does not say how to compare (write `>= 64 KiB` or `<= 64 KiB`)"],
        );
    }

    proptest! {
        #[test]
        fn a_shown_amount_is_read_back(count in 0..=MOST) {
            let bytes = Bytes::new(count);
            prop_assert_eq!(parse_bytes(&bytes.to_string()), Ok(bytes));
        }

        #[test]
        fn a_shown_bound_is_read_back(count in 0..=MOST, off in 0..=MOST, kind in 0..6) {
            let (bytes, off) = (Bytes::new(count), Bytes::new(off));
            let bound = match kind {
                0 => Bound::AtLeast(bytes),
                1 => Bound::AtMost(bytes),
                2 => Bound::MoreThan(bytes),
                3 => Bound::LessThan(bytes),
                4 => Bound::Equal(bytes, Slack::Absolute(off)),
                _ => Bound::Equal(bytes, Slack::Relative(off.count() as f64 / 8.0)),
            };
            prop_assert_eq!(parse_bound(&bound.to_string()), Ok(bound));
        }

        #[test]
        fn no_text_breaks_the_reader(text in r"[<>=]{0,3} ?[0-9.]{0,50} ?[KkMiB±+%-]{0,5}") {
            let _ = (parse_bytes(&text), parse_bound(&text));
        }
    }
}
