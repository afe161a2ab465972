//! The transcript: a record as text, line by line, with machine times.
//!
//! The same record always gives the same bytes: no wall time and no path of the
//! host is in it, so two transcripts of equal runs are equal files.

use replab_board::Board;
use replab_record::{MachineTime, Record};

use crate::lines::{Line, What, lines};
use crate::visible::visible_bytes;
use crate::{Run, visible};

/// The version of the transcript's form, in its first line.
pub const TRANSCRIPT_VERSION: u32 = 1;

/// The text of a run's transcript file: a head, everything that happened at
/// nanosecond resolution, and the verdict's word.
pub fn transcript(run: &Run<'_>) -> String {
    let mut text = format!(
        "# replab transcript {TRANSCRIPT_VERSION}\n# {} on {}\n# {}\n\
         # seconds since power-on, then: `|` the firmware sent, `<` the lab typed, `=` a pin changed\n",
        run.identity,
        run.target,
        visible(run.title),
    );
    for line in transcript_lines(run.record, run.board, 9) {
        text.push_str(&line);
        text.push('\n');
    }
    text.push_str(&format!("# {} at {}\n", run.word(), MachineTime::ZERO + run.machine));
    text
}

/// Everything in `record`, a line each, times with `decimals` (0 to 9) of a second.
/// Pins of `board` carry their roles.
pub fn transcript_lines(record: &Record, board: &Board, decimals: usize) -> Vec<String> {
    lines(record).iter().map(|line| show(line, board, decimals)).collect()
}

fn show(line: &Line<'_>, board: &Board, decimals: usize) -> String {
    let time = seconds(line.at, decimals);
    match &line.what {
        What::Sent { port, bytes } => {
            format!("{time} {port} | {}", visible_bytes(bytes)).trim_end().to_owned()
        }
        What::Received { port, bytes } => format!("{time} {port} < {}", visible_bytes(bytes)),
        What::Edge { pin, level } => format!("{time} {} = {level}", board.role(pin)),
        What::Driven { pin, level } => format!("{time} {} = {level} (the lab)", board.role(pin)),
        What::Reset { cause } => format!("{time} reset by {cause}"),
    }
}

/// `at` in seconds, aligned for times below 100 s.
pub(crate) fn seconds(at: MachineTime, decimals: usize) -> String {
    let shown = format!("{at:.decimals$}");
    format!("{:>width$}", shown.trim_end_matches(" s"), width = decimals + 3)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::run::tests::{Told, blink};

    #[track_caller]
    fn check(told: &Told, expected: &Expect) {
        expected.assert_eq(&told.with(transcript));
    }

    #[test]
    fn a_transcript_tells_everything_in_order() {
        check(
            &blink(),
            &expect![[r#"
                # replab transcript 1
                # 01-micropython-intro/blink on lab-m0@qemu
                # the LED blinks once a second
                # seconds since power-on, then: `|` the firmware sent, `<` the lab typed, `=` a pin changed
                 0.001500000 uart0 | MicroPython v1.25.0 on lab-m0
                 0.001503100 uart0 | >>> blink(led, 6)
                 0.004000000 uart0 < blink(led, 6)\r
                 0.005000000 LED = high
                 0.505000000 LED = low
                # passed at 5.024000000 s
            "#]],
        );
    }

    #[test]
    fn interleaved_bytes_become_lines_in_the_order_of_their_first() {
        let told = Told::default()
            .sent(1_000, ">>> ")
            .received(2_000, "p")
            .sent(2_100, "p")
            .received(3_000, "\r")
            .sent(3_100, "\r\n")
            .sent(3_200, "<built-in>\r\n>>> ")
            .received(5_000, "\x03");
        check(
            &told,
            &expect![[r#"
                # replab transcript 1
                # 01-micropython-intro/blink on lab-m0@qemu
                # the LED blinks once a second
                # seconds since power-on, then: `|` the firmware sent, `<` the lab typed, `=` a pin changed
                 0.000001000 uart0 | >>> p
                 0.000002000 uart0 < p\r
                 0.000003200 uart0 | <built-in>
                 0.000004400 uart0 | >>>
                 0.000005000 uart0 < \x03
                # passed at 5.024000000 s
            "#]],
        );
    }

    #[test]
    fn a_reset_ends_the_line_that_it_cut() {
        let told = Told::default().sent(1_000, "half a li").reset(2_000).sent(3_000, "\x1b[2Jup\n");
        check(
            &told,
            &expect![[r#"
                # replab transcript 1
                # 01-micropython-intro/blink on lab-m0@qemu
                # the LED blinks once a second
                # seconds since power-on, then: `|` the firmware sent, `<` the lab typed, `=` a pin changed
                 0.000001000 uart0 | half a li
                 0.000002000 reset by the firmware
                 0.000003000 uart0 | \x1b[2Jup
                # passed at 5.024000000 s
            "#]],
        );
    }
}
