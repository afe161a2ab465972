//! The arguments of `run`, which `cargo xtask emulate` takes too.

use std::num::NonZeroUsize;
use std::path::PathBuf;

/// What to play, where, and how to tell it.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct RunArgs {
    /// Scenarios to play: a part of an identity or title, a folder, or a scenario's file,
    /// also one outside the scenarios folder. Without any, all are played.
    #[arg(value_name = "FILTER")]
    pub filters: Vec<String>,

    /// Where to play, written BOARD@BACKEND (lab-m0@qemu). May be given more than once, or
    /// as a list with commas.
    /// Without it, each board that a scenario lists, on the first backend of the board.
    #[arg(long = "target", value_name = "TARGET", value_delimiter = ',')]
    pub targets: Vec<String>,

    /// Play on the two targets of --target, and show where they first differ (docs/compare.md).
    #[arg(long, conflicts_with_all = ["list", "check", "accept", "prove"])]
    pub compare: bool,

    /// Another edition of a lesson. Only scenarios of the lesson with its file name are played.
    #[arg(long, value_name = "FILE")]
    pub lesson: Option<PathBuf>,

    /// The folder of the scenarios.
    #[arg(long, value_name = "DIR")]
    pub scenarios: Option<PathBuf>,

    /// The firmware (.elf, .uf2 or .bin), instead of the one that was built for the board.
    #[arg(long, value_name = "FILE")]
    pub firmware: Option<PathBuf>,

    /// The boot ROM of a chip that our plugin adds to QEMU, instead of ours: the RP2040's is
    /// 16 KiB (docs/pico.md).
    #[arg(long, value_name = "FILE")]
    pub bootrom: Option<PathBuf>,

    /// The qemu-system-arm to use.
    #[arg(long, value_name = "PROGRAM")]
    pub qemu: Option<PathBuf>,

    /// The renode to use.
    #[arg(long, value_name = "PROGRAM")]
    pub renode: Option<PathBuf>,

    /// What drives the clock of emulated boards. Without it, their instructions; or the
    /// desk clock if the emulator's build is none of the tested ones, but not in CI.
    #[arg(long, value_name = "CLOCK")]
    pub timing: Option<Clock>,

    /// Where transcripts are written.
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// Show what would be played, and play nothing.
    #[arg(long, conflicts_with_all = ["check", "accept", "json"])]
    pub list: bool,

    /// Read all selected scenarios, show every error in them, and play nothing.
    #[arg(long, conflicts_with_all = ["accept", "json"])]
    pub check: bool,

    /// Store new and changed snapshots as right. Refused in CI.
    #[arg(long)]
    pub accept: bool,

    /// Play each scenario N times while all cores are kept busy, and demand that the runs are
    /// equal: bytes, edges, their times, and memory.
    #[arg(long, value_name = "N", conflicts_with_all = ["list", "check", "accept"])]
    pub prove: Option<NonZeroUsize>,

    /// Tell everything as JSON, one event a line (docs/json.md).
    #[arg(long, conflicts_with = "verbose")]
    pub json: bool,

    /// Write a JUnit report of all runs for CI servers (docs/ci.md), also when interrupted.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "check"])]
    pub junit: Option<PathBuf>,

    /// Tell GitHub Actions what did not pass: annotations, and the step's summary (docs/ci.md).
    #[arg(long, conflicts_with_all = ["list", "check"])]
    pub github: bool,

    /// Show the whole transcript of each run, with machine times, and how full its memory was.
    #[arg(long, short)]
    pub verbose: bool,

    /// Fail runs with a claim that is marginal: what was measured is within 5 % of a limit
    /// (docs/waves.md).
    #[arg(long, conflicts_with_all = ["list", "check"])]
    pub strict: bool,

    /// Write each run as a value change dump for wave viewers too, beside its transcript
    /// (docs/waves.md).
    #[arg(long, conflicts_with_all = ["list", "check"])]
    pub vcd: bool,

    /// How many runs play at the same time. Without it, one for each core.
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
}

/// A value of `--timing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Clock {
    /// Instructions: equal runs are equal to the nanosecond.
    Exact,
    /// The desk clock: any QEMU from 7.2 on, and what needs exact time is skipped.
    Wall,
}

impl RunArgs {
    /// The options that a command to play one run again has to repeat.
    pub(crate) fn to_repeat(&self) -> Vec<String> {
        let path = |name: &str, value: &Option<PathBuf>| {
            value
                .iter()
                .flat_map(|value| [name.to_owned(), value.display().to_string()])
                .collect::<Vec<_>>()
        };
        let timing = match self.timing {
            None => Vec::new(),
            Some(Clock::Exact) => vec!["--timing".to_owned(), "exact".to_owned()],
            Some(Clock::Wall) => vec!["--timing".to_owned(), "wall".to_owned()],
        };
        [
            path("--lesson", &self.lesson),
            path("--scenarios", &self.scenarios),
            path("--firmware", &self.firmware),
            path("--bootrom", &self.bootrom),
            path("--qemu", &self.qemu),
            path("--renode", &self.renode),
            timing,
            self.strict.then(|| "--strict".to_owned()).into_iter().collect(),
        ]
        .concat()
    }
}
