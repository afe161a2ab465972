//! What holds through a whole run: no crash, no reboot loop, nothing of `never:`.

use std::time::Duration;

use replab_machine::Fault;
use replab_record::{Claim, Failure, MachineTime};
use replab_scenario::{TextPattern, show_duration};

use crate::error::{failed, written};
use crate::output::{Output, quoted, text};

/// More resets than this within [`LOOP_WINDOW`], with no prompt between them, are
/// a reboot loop.
const LOOP_RESETS: usize = 10;
/// See [`LOOP_RESETS`].
const LOOP_WINDOW: Duration = Duration::from_secs(1);

/// What our firmware prints when it cannot go on (firmware/micropython/fatal.c),
/// at the start of a line.
const FATAL: &[u8] = b"FATAL: ";
/// A line that starts with this was typed at a prompt.
const PROMPT: &[u8] = b">>> ";
/// What MicroPython prints when it starts Python again (main.c of its ports), a
/// line of its own.
const SOFT_REBOOT: &[u8] = b"MPY: soft reboot\r\n";

/// Watches output and resets.
pub(crate) struct Always<'a> {
    never: &'a [TextPattern],
    /// Output before here has been looked at, line by line.
    seen: usize,
    resets: Vec<MachineTime>,
}

impl<'a> Always<'a> {
    /// Nothing has come yet, and `never` must not.
    pub(crate) fn new(never: &'a [TextPattern]) -> Always<'a> {
        Always { never, seen: 0, resets: Vec::new() }
    }

    /// Bytes at which a machine should stop, so that [`Always::look`] sees them at once.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = &[u8]> {
        let texts = self.never.iter().filter_map(|never| match never {
            TextPattern::Text(text) => Some(text.as_bytes()),
            TextPattern::Regex(_) => None,
        });
        [FATAL, SOFT_REBOOT].into_iter().chain(texts)
    }

    /// The firmware got as far as its prompt, so it is in no reboot loop.
    pub(crate) fn prompt_seen(&mut self) {
        self.resets.clear();
    }

    /// The firmware started again.
    pub(crate) fn reset_at(&mut self, at: MachineTime) -> Result<(), Box<Failure>> {
        self.resets.push(at);
        self.resets.retain(|reset| at.since(*reset) < LOOP_WINDOW);
        if self.resets.len() <= LOOP_RESETS {
            return Ok(());
        }
        let got = format!(
            "reboot loop: {} resets within {} without a prompt",
            self.resets.len(),
            show_duration(LOOP_WINDOW)
        );
        let mut failure = failed(crash(got), at);
        failure.hint = "look at what boot.py and main.py do first".to_string();
        Err(Box::new(failure))
    }

    /// Looks at what came since the last call: at complete lines, and for plain
    /// text of `never:` also at the line that is not complete yet.
    pub(crate) fn look(&mut self, output: &Output) -> Result<(), Sign> {
        let lines_end =
            output.bytes().iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        self.look_for_crash(output)?;
        if let Some(failure) =
            self.never.iter().find_map(|never| self.broken(never, output, lines_end))
        {
            return Err(Sign::Never(Box::new(failure)));
        }
        self.seen = self.seen.max(lines_end);
        Ok(())
    }

    fn look_for_crash(&mut self, output: &Output) -> Result<(), Sign> {
        let mut start = self.seen;
        loop {
            let line = &output.bytes()[start..];
            if line.starts_with(FATAL) {
                return Err(Sign::Fatal { line: start });
            }
            let Some((_, end)) = output.find(&[b"\n"], start) else { return Ok(()) };
            if line.starts_with(PROMPT) {
                self.resets.clear();
            }
            if line.starts_with(SOFT_REBOOT) {
                self.reset_at(output.at(end.start).unwrap_or_default()).map_err(Sign::Loop)?;
            }
            start = end.end;
        }
    }

    /// The failure, if `pattern` is in what came since the last call.
    fn broken(&self, pattern: &TextPattern, output: &Output, lines_end: usize) -> Option<Failure> {
        let (what, last, got) = match pattern {
            TextPattern::Text(text) => {
                // A text of several lines may have begun before.
                let from = self.seen.saturating_sub(text.len().saturating_sub(1));
                let (_, found) = output.find(&[text.as_bytes()], from)?;
                (
                    format!("{text:?}"),
                    found.end - 1,
                    quoted(&output.bytes()[output.line_start(found.start)..found.end]),
                )
            }
            TextPattern::Regex(regex) => {
                let lines = output.text(self.seen..lines_end.max(self.seen));
                let found = regex.find(&lines)?;
                (
                    format!("a match of /{}/", written(regex)),
                    lines_end.saturating_sub(1),
                    quoted(found.as_str().as_bytes()),
                )
            }
        };
        let claim = Claim::Output { expected: format!("never {what}"), got };
        Some(failed(claim, output.at(last).unwrap_or_default()))
    }
}

/// What ends a run.
pub(crate) enum Sign {
    /// The firmware says that it cannot go on.
    Fatal {
        /// Where the line begins that says so. It may not be complete.
        line: usize,
    },
    /// The firmware only starts again and again.
    Loop(Box<Failure>),
    /// Something of `never:` came.
    Never(Box<Failure>),
}

/// The claim that a fault breaks.
pub(crate) fn fault_claim(fault: &Fault) -> Claim {
    let name = match fault.exception {
        3 => "HardFault".to_string(),
        4 => "MemManage fault".to_string(),
        5 => "BusFault".to_string(),
        6 => "UsageFault".to_string(),
        number => format!("exception {number}"),
    };
    crash(format!("{name} at {:#010x} (lr {:#010x}, sp {:#010x})", fault.pc, fault.lr, fault.sp))
}

/// The claim that a line of last words breaks.
pub(crate) fn fatal_claim(line: &[u8]) -> Claim {
    crash(text(line).trim_end().to_string())
}

fn crash(got: String) -> Claim {
    Claim::Crash { expected: "no crash".to_string(), got }
}
