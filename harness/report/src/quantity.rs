//! Durations and amounts of memory for reading.

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

/// So many bytes, in KiB from 1 KiB on and in MiB from 1 MiB on: `192 B`, `8 KiB`,
/// `249.0 KiB`, `1.37 MiB`. Digits are cut, not rounded.
pub(crate) fn bytes(bytes: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = 1024 * KIB;
    match bytes {
        0..KIB => format!("{bytes} B"),
        KIB.. if bytes.is_multiple_of(MIB) => format!("{} MiB", bytes / MIB),
        KIB..MIB if bytes.is_multiple_of(KIB) => format!("{} KiB", bytes / KIB),
        KIB..MIB => format!("{}.{} KiB", bytes / KIB, bytes % KIB * 10 / KIB),
        MIB.. => format!("{}.{:02} MiB", bytes / MIB, bytes % MIB * 100 / MIB),
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
    fn amounts_of_memory_have_the_unit_that_suits_them() {
        let shown = [0, 1023, 1024, 1600, 270_336, 1 << 20, 1_441_792].map(bytes);
        let expected = ["0 B", "1023 B", "1 KiB", "1.5 KiB", "264 KiB", "1 MiB", "1.37 MiB"];
        assert_eq!(shown, expected);
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
