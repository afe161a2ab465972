//! The exit code, and the one function that decides it.

use crate::Tally;

/// How the program ends. The numbers are an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// Each run that was played passed, and there was one at least.
    Passed,
    /// A bug in the lab; a panic ends here too.
    LabBug,
    /// The command line, or a scenario or board file, is wrong.
    WrongInput,
    /// Nothing was selected, everything was skipped, or nothing could be compared.
    NothingPlayed,
    /// A scenario failed, or something of a lesson is tried by none.
    Failed,
    /// No run failed, but two targets do not do the same: which of them is right, nobody can tell.
    Differs,
    /// The lab could not tell about a run.
    Broken,
    /// Nothing but snapshots waits, for somebody to look at them.
    SnapshotsPending,
    /// The firmware did not build.
    FirmwareNotBuilt,
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

/// Why the program ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It did what it was asked for, which was to play nothing (`--list`, `--check`, `doctor`).
    Told,
    /// The runs came to this.
    Played(Tally),
    /// The command line, or a scenario or board file, is wrong.
    WrongInput,
    /// Something of a lesson is tried by no scenario, and not excused.
    Uncovered,
    /// No scenario was selected.
    NothingSelected,
    /// Something that set-up installs is not there, and is needed.
    NotInstalled,
    /// The firmware did not build.
    FirmwareNotBuilt,
    /// A board could not be served, or not any longer: its emulator has ended.
    NotServed,
    /// Somebody pressed Ctrl-C.
    Interrupted,
    /// Something went wrong that has no reason of its own: a full disk, a bug.
    LabBug,
}

impl ExitCode {
    /// The exit code for `ending`. Of several reasons the one that asks most of
    /// the reader wins: a failure is certain, whatever else could not be told.
    pub fn of(ending: &Ending) -> ExitCode {
        match ending {
            Ending::Told => ExitCode::Passed,
            Ending::WrongInput => ExitCode::WrongInput,
            Ending::Uncovered => ExitCode::Failed,
            Ending::NothingSelected => ExitCode::NothingPlayed,
            Ending::NotInstalled | Ending::NotServed => ExitCode::Broken,
            Ending::FirmwareNotBuilt => ExitCode::FirmwareNotBuilt,
            Ending::Interrupted => ExitCode::Interrupted,
            Ending::LabBug => ExitCode::LabBug,
            Ending::Played(tally) if tally.failed > tally.pending => ExitCode::Failed,
            Ending::Played(Tally { compared: Some(compared), .. }) if compared.differing > 0 => {
                ExitCode::Differs
            }
            Ending::Played(tally) if tally.broken > 0 => ExitCode::Broken,
            Ending::Played(tally) if tally.pending > 0 => ExitCode::SnapshotsPending,
            Ending::Played(tally) if tally.played() == 0 => ExitCode::NothingPlayed,
            Ending::Played(Tally { compared: Some(compared), .. }) if compared.equal == 0 => {
                ExitCode::NothingPlayed
            }
            Ending::Played(_) => ExitCode::Passed,
        }
    }

    /// Its number.
    pub fn number(self) -> u8 {
        match self {
            ExitCode::Passed => 0,
            ExitCode::LabBug => 1,
            ExitCode::WrongInput => 2,
            ExitCode::NothingPlayed => 4,
            ExitCode::Failed => 100,
            ExitCode::Broken => 102,
            ExitCode::SnapshotsPending => 103,
            ExitCode::FirmwareNotBuilt => 104,
            ExitCode::Differs => 105,
            ExitCode::Interrupted => 130,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> std::process::ExitCode {
        std::process::ExitCode::from(code.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ComparedTally;

    #[track_caller]
    fn check(
        passed: usize,
        failed: usize,
        pending: usize,
        broken: usize,
        skipped: usize,
        expected: u8,
    ) {
        let tally = Tally { passed, failed, pending, broken, skipped, ..Tally::default() };
        assert_eq!(ExitCode::of(&Ending::Played(tally)).number(), expected);
    }

    #[test]
    fn runs_that_pass_are_zero_also_beside_skipped_ones() {
        check(3, 0, 0, 0, 0, 0);
        check(1, 0, 0, 0, 5, 0);
    }

    #[test]
    fn a_failure_wins_over_what_is_less_certain() {
        check(1, 2, 1, 1, 1, 100);
        check(1, 1, 1, 1, 1, 102);
        check(1, 1, 1, 0, 1, 103);
    }

    /// Runs of which so many passed, failed, are pending and broken; pairs of which so
    /// many are equal, differ and cannot be compared.
    #[track_caller]
    fn check_compared(runs: [usize; 4], pairs: [usize; 3], expected: u8) {
        let [passed, failed, pending, broken] = runs;
        let [equal, differing, not_comparable] = pairs;
        let compared = Some(ComparedTally { equal, differing, not_comparable });
        let tally = Tally { passed, failed, pending, broken, compared, ..Tally::default() };
        assert_eq!(ExitCode::of(&Ending::Played(tally)).number(), expected);
    }

    #[test]
    fn a_difference_is_neither_a_failure_nor_a_broken_lab() {
        check_compared([4, 0, 0, 0], [2, 0, 0], 0);
        check_compared([4, 0, 0, 0], [1, 1, 0], 105);
        check_compared([2, 2, 0, 0], [1, 1, 0], 100);
        check_compared([3, 0, 0, 1], [1, 1, 0], 105);
        check_compared([3, 0, 0, 1], [1, 0, 1], 102);
        check_compared([3, 1, 1, 0], [1, 1, 0], 105);
        check_compared([3, 1, 1, 0], [2, 0, 0], 103);
    }

    #[test]
    fn nothing_compared_is_no_success() {
        check_compared([2, 0, 0, 0], [0, 0, 2], 4);
        check_compared([2, 0, 0, 0], [1, 0, 1], 0);
    }

    #[test]
    fn nothing_played_is_no_success() {
        check(0, 0, 0, 0, 3, 4);
        check(0, 0, 0, 0, 0, 4);
    }
}
