//! Dates and times as the RTC counts them (RP2040 data sheet §4.8.1): a year that
//! 4 divides is a leap year, a day of the week only counts on, and what was
//! loaded is believed.

use serde::{Deserialize, Serialize};

const SECONDS_OF_DAY: u64 = 86_400;

/// One second of the calendar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Calendar {
    /// 0 to 4095.
    pub(super) year: u32,
    /// 1 to 12.
    pub(super) month: u32,
    /// 1 to 31.
    pub(super) day: u32,
    /// 0 to 6; the SDK means Sunday by 0.
    pub(super) weekday: u32,
    /// 0 to 86,399. More if the firmware has loaded what no clock shows.
    pub(super) second_of_day: u32,
}

impl Calendar {
    /// What SETUP_0 and SETUP_1 hold.
    pub(super) fn from_words(date: u32, time: u32) -> Calendar {
        Calendar {
            year: date >> 12 & 0xfff,
            month: date >> 8 & 0xf,
            day: date & 0x1f,
            weekday: time >> 24 & 7,
            second_of_day: (time >> 16 & 0x1f) * 3600 + (time >> 8 & 0x3f) * 60 + (time & 0x3f),
        }
    }

    /// As RTC_1 shows it.
    pub(super) fn date_word(&self) -> u32 {
        self.year << 12 | self.month << 8 | self.day
    }

    /// As RTC_0 shows it.
    pub(super) fn time_word(&self) -> u32 {
        self.weekday << 24 | self.hour() << 16 | self.minute() << 8 | self.second()
    }

    pub(super) fn hour(&self) -> u32 {
        self.second_of_day / 3600
    }

    pub(super) fn minute(&self) -> u32 {
        self.second_of_day / 60 % 60
    }

    pub(super) fn second(&self) -> u32 {
        self.second_of_day % 60
    }

    /// What it is `seconds` later.
    pub(super) fn after(self, seconds: u64, has_leap_years: bool) -> Calendar {
        let seconds = seconds.saturating_add(u64::from(self.second_of_day));
        let second_of_day = u32::try_from(seconds % SECONDS_OF_DAY).expect("it is below 86,400");
        let mut calendar = Calendar { second_of_day, ..self };
        for _ in 0..seconds / SECONDS_OF_DAY {
            calendar.next_day(has_leap_years);
        }
        calendar
    }

    fn next_day(&mut self, has_leap_years: bool) {
        self.weekday = if self.weekday >= 6 { 0 } else { self.weekday + 1 };
        self.day += 1;
        if self.day > self.days_of_month(has_leap_years) {
            self.day = 1;
            self.month += 1;
        }
        if self.month > 12 {
            self.month = 1;
            self.year = (self.year + 1) & 0xfff;
        }
    }

    fn days_of_month(&self, has_leap_years: bool) -> u32 {
        match self.month {
            2 if has_leap_years && self.year.is_multiple_of(4) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }
}
