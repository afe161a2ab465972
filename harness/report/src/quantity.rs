//! Durations for reading.

use std::time::Duration;

/// `duration` in its own unit with three digits: `5.02 s`, `61 ms`, `350 µs`.
/// Digits are cut, not rounded.
pub(crate) fn duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..1_000_000 => three_digits(nanos, 1_000, "µs"),
        1_000_000..1_000_000_000 => three_digits(nanos, 1_000_000, "ms"),
        _ => three_digits(nanos, 1_000_000_000, "s"),
    }
}

fn three_digits(nanos: u128, unit: u128, name: &str) -> String {
    let (whole, thousandths) = (nanos / unit, nanos % unit * 1_000 / unit);
    match whole {
        0..10 => format!("{whole}.{:02} {name}", thousandths / 10),
        10..100 => format!("{whole}.{} {name}", thousandths / 100),
        _ => format!("{whole} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(nanos: u64, expected: &str) {
        assert_eq!(duration(Duration::from_nanos(nanos)), expected);
    }

    #[test]
    fn three_digits_are_shown() {
        check(0, "0 ns");
        check(999, "999 ns");
        check(350_400, "350 µs");
        check(61_230_000, "61.2 ms");
        check(5_029_999_999, "5.02 s");
        check(83_000_000_000, "83.0 s");
        check(1_234_500_000_000, "1234 s");
    }
}
