//! A run's waves in a terminal: a line for each pin.

use std::time::Duration;

use replab_record::{MachineTime, PinName, Scale, picture};

use crate::{Paint, Replay};

/// Characters between two times of the ruler.
const TICK: usize = 20;

/// What of a run is drawn, and how wide.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// From when on.
    pub from: MachineTime,
    /// Until when; `None` for the end of the run.
    pub to: Option<MachineTime>,
    /// Only these pins; all that moved if there are none.
    pub pins: &'a [String],
    /// Characters of a line.
    pub width: usize,
}

/// Draws `replay`: a head that says how long a character stands for, a ruler, a line for
/// each pin, and one for each port with `|` where a line begins.
pub fn waves(replay: &Replay, view: View<'_>, paint: Paint) -> String {
    let pins: Vec<PinName> = match view.pins {
        [] => replay.pins().into_iter().cloned().collect(),
        pins => pins.iter().map(|pin| PinName::new(pin.as_str())).collect(),
    };
    let mut ports: Vec<&str> = replay.lines.iter().map(|(_, port)| port.as_str()).collect();
    ports.sort_unstable();
    ports.dedup();
    let names = pins.iter().map(PinName::as_str).chain(ports.iter().copied());
    let margin = names.map(|name| name.chars().count()).max().unwrap_or(0) + 2;
    let to = view.to.unwrap_or(replay.end).max(view.from);
    let scale = Scale::fitting(view.from, to, view.width.saturating_sub(margin).max(TICK));
    let mut text = format!(
        "{}: {}\n{}\n",
        crate::visible(&replay.title),
        match replay.verdict.as_str() {
            "" => "not ended".to_owned(),
            word => paint.word(&crate::visible(word)),
        },
        paint.faint(&format!(
            "{} to {}, a character is {}",
            scale.start,
            scale.end,
            column(scale.column)
        )),
    );
    let mut line = |name: &str, drawn: &str| {
        let name = crate::visible(name);
        text.push_str(format!("{name:<margin$}{drawn}").trim_end());
        text.push('\n');
    };
    let [times, ticks] = ruler(&scale);
    line("", &times);
    line("", &ticks);
    for pin in &pins {
        let wave = replay.record.wave(pin, scale.start, scale.end);
        line(pin.as_str(), &picture(&wave, &scale));
    }
    for port in ports {
        let begins = replay
            .lines
            .iter()
            .filter(|(at, on)| on == port && (scale.start..scale.end).contains(at));
        let mut drawn = vec![' '; scale.columns()];
        begins.for_each(|(at, _)| drawn[scale.column_of(*at)] = '|');
        line(port, &drawn.iter().collect::<String>());
    }
    text
}

/// Times every [`TICK`] characters, and below them where they are.
fn ruler(scale: &Scale) -> [String; 2] {
    let (mut times, mut ticks) = (String::new(), String::new());
    for column in (0..scale.columns()).step_by(TICK) {
        let offset = u32::try_from(column).map_or(Duration::MAX, |count| scale.column * count);
        let at = scale.start + offset;
        let shown = at.to_string();
        let shown = shown.trim_end_matches(" s").trim_end_matches('0').trim_end_matches('.');
        times.push_str(&format!("{:<TICK$}", format!("{shown} s")));
        ticks.push_str(&format!("{:<TICK$}", "|"));
    }
    [times, ticks]
}

/// `100 ms`: a time of one digit and zeros, exactly.
fn column(time: Duration) -> String {
    let ns = time.as_nanos();
    let units = [("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1_000), ("ns", 1)];
    let (unit, of) = units.into_iter().find(|(_, of)| ns >= *of).unwrap_or(("ns", 1));
    format!("{} {unit}", ns / of)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;
    use replab_record::Level;

    use super::*;
    use crate::run::tests::{Told, blink};
    use crate::{replay, transcript};

    #[track_caller]
    fn check(told: &Told, from: u64, to: Option<u64>, pins: &[&str], expected: &Expect) {
        let replay = replay(&told.with(transcript)).expect("it is a transcript");
        let time = |ms: u64| MachineTime::from_nanos(ms * 1_000_000);
        let pins: Vec<String> = pins.iter().map(ToString::to_string).collect();
        let view = View { from: time(from), to: to.map(time), pins: &pins, width: 60 };
        expected.assert_eq(&waves(&replay, view, Paint::Plain));
    }

    fn blinks() -> Told {
        let edge = |told: Told, ms: u64| {
            let level = if ms.is_multiple_of(1000) { Level::High } else { Level::Low };
            told.edge(ms * 1_000_000, "P25", level)
        };
        let told = (1..10).map(|half| half * 500).fold(blink(), edge);
        told.edge(4_600_000_000, "P3", Level::High)
    }

    #[test]
    fn a_run_is_drawn_with_a_line_for_each_pin() {
        check(
            &blinks(),
            0,
            None,
            &[],
            &expect![[r#"
            01-micropython-intro/blink on lab-m0@qemu: passed
            0.000000000 s to 5.024000000 s, a character is 100 ms
                   0 s                 2 s                 4 s
                   |                   |                   |
            LED    /‾‾‾‾\____/‾‾‾‾\____/‾‾‾‾\____/‾‾‾‾\____/‾‾‾‾\_____
            P3     ??????????????????????????????????????????????/‾‾‾‾
            uart0  |
        "#]],
        );
    }

    #[test]
    fn a_part_of_it_is_drawn_finer() {
        check(
            &blinks(),
            900,
            Some(1_600),
            &["LED"],
            &expect![[r#"
            01-micropython-intro/blink on lab-m0@qemu: passed
            0.900000000 s to 1.600000000 s, a character is 20 ms
                   0.9 s               1.3 s
                   |                   |
            LED    _____/‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾\____
            uart0
        "#]],
        );
    }

    #[test]
    fn what_comes_behind_the_part_is_not_drawn() {
        check(
            &blinks(),
            0,
            Some(3),
            &["LED"],
            &expect![[r#"
            01-micropython-intro/blink on lab-m0@qemu: passed
            0.000000000 s to 0.003000000 s, a character is 100 µs
                   0 s                 0.002 s
                   |                   |
            LED    ??????????????????????????????
            uart0                 |
        "#]],
        );
    }

    #[test]
    fn a_run_in_which_nothing_moved_has_no_line() {
        check(
            &Told::default(),
            0,
            None,
            &[],
            &expect![[r#"
            01-micropython-intro/blink on lab-m0@qemu: passed
            0.000000000 s to 5.024000000 s, a character is 100 ms
              0 s                 2 s                 4 s
              |                   |                   |
        "#]],
        );
    }

    proptest! {
        /// A file may come from anywhere.
        #[test]
        fn whatever_a_file_says_is_drawn_or_refused(
            lines in prop::collection::vec("( ?[0-9]{1,20}\\.[0-9]{9} )?(\\PC{0,6}|LED|\x1b\\[2J) (=|\\||<) (high|low|floating|unknown|.{0,9})", 0..8),
            from in any::<u64>(),
            to in any::<Option<u64>>(),
            width in 0..300_usize,
        ) {
            let head = "# replab transcript 1\n# a on b@qemu\n";
            if let Ok(replay) = replay(&format!("{head}{}\n# \x1b at 1.000000000 s\n", lines.join("\n"))) {
                let time = MachineTime::from_nanos;
                let view = View { from: time(from), to: to.map(time), pins: &[], width };
                let text = waves(&replay, view, Paint::Plain);
                prop_assert!(!text.contains('\x1b'), "{text}");
                prop_assert!(text.lines().all(|line| line.chars().count() <= 400), "{text}");
            }
        }
    }
}
