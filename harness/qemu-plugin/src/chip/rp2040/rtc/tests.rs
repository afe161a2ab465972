//! The calendar and its alarm, against the data sheet.

use super::*;

const SECOND: u64 = 1_000_000_000;

fn at(now: u64) -> Context {
    Context { now, ..Context::default() }
}

/// `"2024-02-29 4 23:59:58"` as SETUP_0 and SETUP_1; the day of the week in between.
fn words(text: &str) -> (u32, u32) {
    let numbers: Vec<u32> =
        text.split(['-', ' ', ':']).map(|number| number.parse().unwrap()).collect();
    let [year, month, day, weekday, hour, minute, second] = numbers[..] else { panic!("{text}") };
    (year << 12 | month << 8 | day, weekday << 24 | hour << 16 | minute << 8 | second)
}

/// An RTC that was set to `text` at 1 s, as the SDK does it.
fn rtc(text: &str) -> Rtc {
    let (date, time) = words(text);
    let mut rtc = Rtc::new();
    for (offset, value) in [
        (CLKDIV_M1, 46_874),
        (CTRL, 0),
        (SETUP_0, date),
        (SETUP_1, time),
        (CTRL, LOAD),
        (CTRL, ENABLE),
    ] {
        rtc.write(offset, value.into(), &mut at(SECOND));
    }
    rtc
}

fn shown(rtc: &mut Rtc, now: u64) -> String {
    let time = rtc.read(RTC_0, &mut at(now));
    let date = rtc.read(RTC_1, &mut at(now));
    format!(
        "{}-{:02}-{:02} {} {:02}:{:02}:{:02}",
        date >> 12,
        date >> 8 & 0xf,
        date & 0x1f,
        time >> 24,
        time >> 16 & 0x1f,
        time >> 8 & 0x3f,
        time & 0x3f
    )
}

/// `seconds` after `start` (and not a nanosecond before) it is `expected`.
#[track_caller]
fn check(start: &str, seconds: u64, expected: &str) {
    let mut rtc = rtc(start);
    let time = (seconds + 1) * SECOND;
    if seconds > 0 {
        assert_ne!(shown(&mut rtc, time - 1), expected, "too early");
    }
    assert_eq!(shown(&mut rtc, time), expected);
}

#[test]
fn seconds_minutes_and_hours_carry() {
    check("2021-01-01 5 00:00:00", 0, "2021-01-01 5 00:00:00");
    check("2021-01-01 5 00:00:00", 59, "2021-01-01 5 00:00:59");
    check("2021-01-01 5 00:00:59", 1, "2021-01-01 5 00:01:00");
    check("2021-01-01 5 22:59:59", 3600, "2021-01-01 5 23:59:59");
    check("2021-01-01 6 23:59:59", 1, "2021-01-02 0 00:00:00");
}

#[test]
fn months_have_their_days() {
    check("2021-01-31 0 23:59:59", 1, "2021-02-01 1 00:00:00");
    check("2021-04-30 0 23:59:59", 1, "2021-05-01 1 00:00:00");
    check("2021-12-31 5 23:59:59", 1, "2022-01-01 6 00:00:00");
    check("4095-12-31 5 23:59:59", 1, "0-01-01 6 00:00:00");
    check("2021-01-01 5 00:00:00", 365 * 86_400, "2022-01-01 6 00:00:00");
}

#[test]
fn a_year_that_4_divides_is_a_leap_year_unless_forced() {
    check("2023-02-28 2 23:59:59", 1, "2023-03-01 3 00:00:00");
    check("2024-02-28 3 23:59:59", 1, "2024-02-29 4 00:00:00");
    check("2100-02-28 0 23:59:59", 1, "2100-02-29 1 00:00:00");
    let mut rtc = rtc("2100-02-28 0 23:59:59");
    rtc.write(CTRL, (ENABLE | FORCE_NOTLEAPYEAR).into(), &mut at(SECOND));
    assert_eq!(shown(&mut rtc, 2 * SECOND), "2100-03-01 1 00:00:00");
}

#[test]
fn looking_loses_no_time() {
    let mut rtc = rtc("2021-01-01 5 00:00:00");
    for look in 0..10_000 {
        shown(&mut rtc, SECOND + look * 1_234_567);
    }
    assert_eq!(shown(&mut rtc, 3601 * SECOND), "2021-01-01 5 01:00:00");
}

#[test]
fn the_date_is_that_of_the_time_read_before() {
    let mut rtc = rtc("2021-01-01 5 23:59:59");
    assert_eq!(rtc.read(RTC_0, &mut at(SECOND)), 0x0517_3b3b);
    assert_eq!(rtc.read(RTC_1, &mut at(2 * SECOND)), 2021 << 12 | 0x101);
}

#[test]
fn other_dividers_have_other_seconds() {
    let mut rtc = rtc("2021-01-01 5 00:00:00");
    rtc.write(CLKDIV_M1, 9.into(), &mut at(SECOND));
    // 10 ticks are 213,333.33 ns.
    assert_eq!(shown(&mut rtc, SECOND + 213_333), "2021-01-01 5 00:00:00");
    assert_eq!(shown(&mut rtc, SECOND + 213_334), "2021-01-01 5 00:00:01");
    assert_eq!(shown(&mut rtc, SECOND + 640_000), "2021-01-01 5 00:00:03");
}

#[test]
fn it_stands_until_it_is_enabled() {
    let mut rtc = rtc("2021-01-01 5 00:00:00");
    assert_eq!(rtc.peek(CTRL, SECOND), ENABLE | ACTIVE);
    rtc.write(CTRL, 0.into(), &mut at(3 * SECOND));
    assert_eq!(rtc.peek(CTRL, 3 * SECOND), 0);
    assert_eq!(shown(&mut rtc, 100 * SECOND), "2021-01-01 5 00:00:02");
    rtc.write(CTRL, ENABLE.into(), &mut at(100 * SECOND));
    assert_eq!(shown(&mut rtc, 101 * SECOND), "2021-01-01 5 00:00:03");
}

/// An alarm at `text` with the enable bits given; each change of its interrupt until
/// `end` seconds, as seconds after the start, and how many deadlines that took.
fn alarm(start: &str, text: &str, enable: (u32, u32), end: u64) -> (Vec<u64>, u32) {
    let (date, time) = words(text);
    let mut rtc = rtc(start);
    rtc.write(IRQ_SETUP_0, (date | enable.0).into(), &mut at(SECOND));
    rtc.write(IRQ_SETUP_1, (time | enable.1).into(), &mut at(SECOND));
    rtc.write(INTE, 1.into(), &mut at(SECOND));
    assert_eq!(rtc.next_deadline(), None, "MATCH_ENA is 0");
    let all = rtc.peek(IRQ_SETUP_0, SECOND) | MATCH_ENA;
    rtc.write(IRQ_SETUP_0, all.into(), &mut at(SECOND));
    assert_eq!(rtc.peek(IRQ_SETUP_0, SECOND), all | MATCH_ACTIVE);
    let (mut changes, mut deadlines) = (Vec::new(), 0);
    while let Some(now) = rtc.next_deadline().filter(|now| *now <= (end + 1) * SECOND) {
        let before = rtc.interrupts();
        rtc.advance(&mut at(now));
        deadlines += 1;
        assert_eq!(rtc.interrupts(), rtc.peek(INTS, now));
        if rtc.interrupts() != before {
            changes.push(now / SECOND - 1);
        }
    }
    (changes, deadlines)
}

#[test]
fn an_alarm_lasts_for_its_second() {
    let all = (YEAR_ENA | MONTH_ENA | DAY_ENA, DOTW_ENA | HOUR_ENA | MIN_ENA | SEC_ENA);
    let start = "2021-01-01 5 00:00:00";
    let (changes, deadlines) = alarm(start, "2021-01-03 0 01:02:03", all, 400_000);
    assert_eq!(changes, [176_523, 176_524]);
    assert!(deadlines < 150, "{deadlines}");
    // A wrong day of the week, and nothing matches.
    assert_eq!(alarm(start, "2021-01-03 1 01:02:03", all, 400_000).0, []);
}

#[test]
fn an_alarm_of_one_part_comes_again() {
    let start = "2021-01-01 5 00:00:00";
    assert_eq!(alarm(start, "0-0-0 0 00:00:05", (0, SEC_ENA), 130).0, [5, 6, 65, 66, 125, 126]);
    assert_eq!(alarm(start, "0-0-0 0 01:00:00", (0, HOUR_ENA), 10_000).0, [3600, 7200]);
    assert_eq!(
        alarm(start, "0-2-0 0 00:00:00", (MONTH_ENA, 0), 6_000_000).0,
        [2_678_400, 5_097_600]
    );
}

#[test]
fn an_alarm_of_no_part_never_comes() {
    let mut rtc = rtc("2021-01-01 5 00:00:00");
    rtc.write(IRQ_SETUP_0, MATCH_ENA.into(), &mut at(SECOND));
    assert_eq!((rtc.peek(INTR, SECOND), rtc.peek(INTR, 5 * SECOND)), (0, 0));
}

#[test]
fn an_alarm_ends_with_its_match_bit() {
    let mut rtc = rtc("2021-01-01 5 00:00:07");
    rtc.write(IRQ_SETUP_1, (SEC_ENA | 7).into(), &mut at(SECOND));
    rtc.write(IRQ_SETUP_0, MATCH_ENA.into(), &mut at(SECOND));
    assert_eq!((rtc.peek(INTR, SECOND), rtc.interrupts(), rtc.next_deadline()), (1, 0, None));
    rtc.write(INTE, 1.into(), &mut at(SECOND));
    assert_eq!(rtc.interrupts(), 1);
    rtc.write(IRQ_SETUP_0, 0.into(), &mut at(SECOND));
    assert_eq!(rtc.interrupts(), 0);
    rtc.write(INTF, 1.into(), &mut at(SECOND));
    assert_eq!((rtc.interrupts(), rtc.peek(INTS, SECOND)), (1, 1));
}

#[test]
fn a_reset_stops_it() {
    let mut rtc = rtc("2021-01-01 5 00:00:07");
    rtc.write(INTF, 1.into(), &mut at(SECOND));
    rtc.reset(2 * SECOND);
    let all = (0..=INTS / 4).map(|register| rtc.peek(4 * register, 9 * SECOND));
    assert_eq!(all.collect::<Vec<u32>>(), [0; 12]);
}
