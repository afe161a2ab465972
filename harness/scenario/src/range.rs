//! The range of a sweep: from a value to another, in equal steps.
//!
//! All arithmetic is on whole numbers of the finest unit (nanoseconds, microvolts,
//! thousandths of a degree, millionths of a percent), so that no value is off.

use crate::analog::{parse_temperature, parse_voltage};
use crate::error::Problem;
use crate::quantity::{QuantityError, parse_duration, parse_percent, split};
use crate::reading::Reading;
use crate::sweep::{MOST_RUNS, SweptValue};
use crate::tree::{Node, Style, Value};

/// The keys of a range.
pub const RANGE_WORDS: [&str; 4] = ["from", "to", "step", "count"];

/// What a unit measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Time,
    Share,
    Voltage,
    Temperature,
    Number,
}

/// Units, what they measure, and how many powers of ten they are above the finest one.
const UNITS: [(&str, Kind, u32); 14] = [
    ("", Kind::Number, 0),
    ("%", Kind::Share, 6),
    ("ns", Kind::Time, 0),
    ("us", Kind::Time, 3),
    ("µs", Kind::Time, 3),
    ("μs", Kind::Time, 3),
    ("ms", Kind::Time, 6),
    ("s", Kind::Time, 9),
    ("uV", Kind::Voltage, 0),
    ("µV", Kind::Voltage, 0),
    ("mV", Kind::Voltage, 3),
    ("V", Kind::Voltage, 6),
    ("°C", Kind::Temperature, 3),
    ("C", Kind::Temperature, 3),
];

const UNIT_WORDS: &str = "ns, us, ms, s, min, %, uV, mV, V or °C";

/// A value with its unit.
#[derive(Clone, Copy, Debug)]
struct Amount {
    /// In the finest unit of its kind.
    count: i64,
    unit: (&'static str, Kind, u32),
}

impl Amount {
    /// So much in the same unit.
    fn with(self, count: i64) -> Amount {
        Amount { count, ..self }
    }

    /// As `parse` reads it: `2.5ms`.
    fn show(self) -> String {
        let (word, _, digits) = self.unit;
        let one = 10_u64.pow(digits);
        let (whole, part) = (self.count.unsigned_abs() / one, self.count.unsigned_abs() % one);
        let sign = if self.count < 0 { "-" } else { "" };
        let part = format!("{part:0>width$}", width = digits as usize);
        match part.trim_end_matches('0') {
            "" => format!("{sign}{whole}{word}"),
            part => format!("{sign}{whole}.{part}{word}"),
        }
    }
}

/// Reads a border of a range, or its step.
fn parse(text: &str) -> Result<Amount, QuantityError> {
    let text = text.trim();
    let (sign, positive) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (number, word) = split(positive, "5ms").map_err(|error| match error {
        QuantityError::NotANumber { example, .. } => {
            QuantityError::NotANumber { text: text.to_owned(), example }
        }
        other => other,
    })?;
    if word == "min" {
        return time(text).map(|count| Amount { count, unit: ("s", Kind::Time, 9) });
    }
    let unit = UNITS.into_iter().find(|(one, ..)| *one == word);
    let unit = unit.ok_or_else(|| QuantityError::UnknownUnit {
        text: text.to_owned(),
        unit: word.to_owned(),
        allowed: UNIT_WORDS,
    })?;
    let count = match unit.1 {
        Kind::Time => time(text)?,
        Kind::Voltage => parse_voltage(text)?.into(),
        Kind::Temperature => parse_temperature(text)?.into(),
        // Casting is exact enough: a millionth of a percent is no claim.
        Kind::Share => (parse_percent(text)? * 1e6).round() as i64,
        Kind::Number if number.contains('.') => {
            let fixed = format!("`{text}s`, `{text}%` or `{text} V`");
            return Err(QuantityError::NoUnit { text: text.to_owned(), fixed });
        }
        Kind::Number => {
            let range = "whole numbers of up to 18 digits";
            let far = || QuantityError::OutOfRange { text: text.to_owned(), range };
            let count = number.parse::<i64>().ok().filter(|count| *count < 10_i64.pow(18));
            sign * count.ok_or_else(far)?
        }
    };
    Ok(Amount { count, unit })
}

fn time(text: &str) -> Result<i64, QuantityError> {
    let far = || QuantityError::OutOfRange { text: text.to_owned(), range: "0s to 100 years" };
    i64::try_from(parse_duration(text)?.as_nanos())
        .ok()
        .filter(|ns| *ns < i64::MAX / 2)
        .ok_or_else(far)
}

/// The values of the range that `node` is.
pub(crate) fn read(reading: &mut Reading<'_>, node: &Node) -> Option<Vec<SweptValue>> {
    let fields = reading.fields(node, "a range", &RANGE_WORDS)?;
    let (Some(from), Some(to)) = (fields.get("from"), fields.get("to")) else {
        return reading.kind(node, "a range", "`{ from: 0ms, to: 95ms, step: 5ms }`");
    };
    let (first, last) = (reading.quantity(from, "from", parse), reading.quantity(to, "to", parse));
    let (first, last) = (first?, last?);
    same_kind(reading, to, ("from", first), ("to", last))?;
    if last.count <= first.count {
        let (from, to) = (first.show(), last.show());
        return reading.fail(node.place, Problem::EmptyRange { from, to });
    }
    let step = match (fields.get("step"), fields.get("count")) {
        (Some(step), None) => by_step(reading, step, first, last)?,
        (None, Some(count)) => by_count(reading, count, first, last)?,
        _ => return reading.kind(node, "a range", "one with either `step` or `count`"),
    };
    let runs = (last.count - first.count) / step.count + 1;
    if usize::try_from(runs).is_ok_and(|runs| runs <= MOST_RUNS) {
        let values = (0..runs).map(|index| step.with(first.count + index * step.count));
        return Some(values.map(|value| at(node, value)).collect());
    }
    let count = usize::try_from(runs).unwrap_or(usize::MAX);
    reading.fail(node.place, Problem::ManyRuns { count })
}

fn by_step(reading: &mut Reading<'_>, node: &Node, first: Amount, last: Amount) -> Option<Amount> {
    let step = reading.quantity(node, "step", parse)?;
    same_kind(reading, node, ("from", first), ("step", step))?;
    if step.count <= 0 {
        let range = "more than 0";
        return reading.fail(node.place, QuantityError::OutOfRange { text: step.show(), range });
    }
    let over = (last.count - first.count) % step.count;
    if over == 0 {
        return Some(step);
    }
    let (before, after) = (last.count - over, last.count - over + step.count);
    let (before, after) = (step.with(before).show(), step.with(after).show());
    reading.fail(
        node.place,
        Problem::UnevenRange {
            what: format!("steps of {} from {} on miss {}", step.show(), first.show(), last.show()),
            advice: format!("write `to: {before}` or `to: {after}`"),
        },
    )
}

/// The step of a range of so many values.
fn by_count(reading: &mut Reading<'_>, node: &Node, first: Amount, last: Amount) -> Option<Amount> {
    let count: i64 = reading.number(node, "count")?;
    let most = MOST_RUNS as i64;
    if !(2..=most).contains(&count) {
        return reading.kind(node, "count", "a whole number from 2 to 1000");
    }
    // In the finer of the two units, what is between them is short.
    let unit = if first.unit.2 < last.unit.2 { first } else { last };
    let length = last.count - first.count;
    if length % (count - 1) == 0 {
        return Some(unit.with(length / (count - 1)));
    }
    let near = (1..most).flat_map(|off| [count + off, count - off]);
    let mut near = near.filter(|near| (2..=most).contains(near) && length % (near - 1) == 0);
    let advice = match near.next() {
        Some(near) => {
            format!(
                "write `count: {near}`: they lie {} apart",
                unit.with(length / (near - 1)).show()
            )
        }
        None => "choose another `to`".to_owned(),
    };
    let (from, to) = (first.show(), last.show());
    let what = format!("{count} values from {from} to {to} are not the same whole distance apart");
    reading.fail(node.place, Problem::UnevenRange { what, advice })
}

fn same_kind(
    reading: &mut Reading<'_>,
    node: &Node,
    one: (&str, Amount),
    other: (&str, Amount),
) -> Option<()> {
    if one.1.unit.1 == other.1.unit.1 {
        return Some(());
    }
    let [one, other] = [one, other].map(|(key, amount)| format!("`{key}` is {}", amount.show()));
    reading.fail(node.place, Problem::MixedRange { one, other })
}

/// `value` as it stands in the steps; its place is that of the range.
fn at(range: &Node, value: Amount) -> SweptValue {
    let shown = value.show();
    let text = shown.clone();
    let value = if value.unit.1 == Kind::Number { Value::Number(text) } else { Value::Text(text) };
    SweptValue { shown, node: Node { place: range.place, style: Style::Plain, value } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = parse(text).map_or_else(|error| error.to_string(), Amount::show);
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn amounts_show_in_their_own_unit() {
        check("1500ms", "1500ms");
        check("2.50 s", "2.5s");
        check("1.5min", "90s");
        check("0ms", "0ms");
        check("12.5%", "12.5%");
        check("0.05 V", "0.05V");
        check("-5.5 °C", "-5.5°C");
        check("7", "7");
        check("-7", "-7");
    }

    #[test]
    fn what_is_no_amount_says_why() {
        check("1.5", "`1.5` has no unit (write `1.5s`, `1.5%` or `1.5 V`)");
        check(
            "5 kg",
            "`kg` in `5 kg` is no unit here (use ns, us, ms, s, min, %, uV, mV, V or °C)",
        );
        check("soon", "`soon` is no number with a unit (write one like 5ms)");
        check("-5ms", "`-5ms` is no number with a unit (write one like 500ms)");
        check("6 V", "`6 V` is out of range (allowed are 0 V to 5 V)");
        check(
            "99999999999999999999",
            "`99999999999999999999` is out of range (allowed are whole numbers of up to 18 digits)",
        );
    }
}
