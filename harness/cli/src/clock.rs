//! Which clock drives emulated boards, and what to do where it cannot be exact.

use std::sync::OnceLock;

use replab_machine::{Machine, MachineError, Timing};
use replab_report::visible;

use crate::args::Clock;
use crate::voice::Voice;

/// The clock of all runs.
pub(crate) struct Clocks<'a> {
    asked: Option<Clock>,
    /// Whether an untested build may go by the desk clock without being asked.
    may_fall_back: bool,
    /// The command that fetches a tested build.
    setup: &'a str,
    voice: Voice,
    /// The build was found to be untested.
    untested: OnceLock<()>,
}

impl<'a> Clocks<'a> {
    /// As `asked` for; where a build is untested, `setup` is the way out.
    pub(crate) fn new(
        asked: Option<Clock>,
        is_ci: bool,
        setup: &'a str,
        voice: Voice,
    ) -> Clocks<'a> {
        let may_fall_back = asked.is_none() && !is_ci;
        Clocks { asked, may_fall_back, setup, voice, untested: OnceLock::new() }
    }

    /// Makes a machine with the right clock. That a build is untested is found
    /// out once, and said once.
    pub(crate) fn start(
        &self,
        start: impl Fn(Timing) -> Result<Machine, MachineError>,
    ) -> Result<Machine, MachineError> {
        if self.asked == Some(Clock::Wall) || self.untested.get().is_some() {
            return start(Timing::Wall);
        }
        match start(Timing::Exact) {
            Err(error @ MachineError::UntestedBuild { .. }) if self.may_fall_back => {
                if self.untested.set(()).is_ok() {
                    self.voice.warn(&self.note(&error));
                }
                start(Timing::Wall)
            }
            other => other,
        }
    }

    fn note(&self, error: &MachineError) -> String {
        format!(
            "note: {}\n      so boards go by the desk clock, and what needs exact time is skipped \
             (`{}` fetches a tested build on Debian 12, --qemu names one)\n",
            visible(&error.to_string()),
            self.setup
        )
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use replab_machine::scripted::Scripted;

    use super::*;

    /// Starts two machines on an untested build; shows what was tried, and whether it went.
    #[track_caller]
    fn check(asked: Option<Clock>, is_ci: bool, expected: &str) {
        let text = include_str!("../../../boards/lab-m0.yaml");
        let board = replab_board::load("lab-m0.yaml", text).expect("the board file is right");
        let clocks = Clocks::new(asked, is_ci, "setup", Voice::of_terminal());
        let tried = RefCell::new(Vec::new());
        let start = |timing: Timing| {
            tried.borrow_mut().push(timing.to_string());
            match timing {
                Timing::Wall => Ok(Scripted::new(&board).timing(timing).machine()),
                Timing::Exact => Err(MachineError::UntestedBuild {
                    version: "QEMU 1".to_owned(),
                    why: "it is old".to_owned(),
                    tested: "QEMU 2".to_owned(),
                }),
            }
        };
        let went = [clocks.start(start).is_ok(), clocks.start(start).is_ok()];
        assert_eq!(format!("{} {went:?}", tried.borrow().join(" ")), expected);
    }

    #[test]
    fn an_untested_build_is_tried_once_and_then_goes_by_the_desk_clock() {
        check(None, false, "exact wall wall [true, true]");
    }

    #[test]
    fn who_asks_for_a_clock_gets_that_one() {
        check(Some(Clock::Wall), false, "wall wall [true, true]");
        check(Some(Clock::Wall), true, "wall wall [true, true]");
        check(Some(Clock::Exact), false, "exact exact [false, false]");
    }

    #[test]
    fn in_ci_nothing_falls_back() {
        check(None, true, "exact exact [false, false]");
    }
}
