//! What a scenario is, once it has been checked.
//!
//! Everything in here makes sense: durations have been read, patterns parsed,
//! blocks of the lesson put in place of their names, pins and ports exist on
//! every board that the scenario lists. The runner trusts it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use replab_record::{Bound, Figure, FindingKind, Level};

use crate::frequency::Frequency;
use crate::lag::Lag;
use crate::pattern::Expected;
use crate::quantity::Tolerance;
use crate::tolerate::Tolerated;

/// The default of `within`: how long after the start of a step its claim may come true.
pub const DEFAULT_WITHIN: Duration = Duration::from_secs(2);

/// A checked scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its path below the scenarios folder without the ending: `01-micropython-intro/blink`.
    /// That of a case ends with its name: `01-micropython-intro/blink[fast]`.
    pub identity: String,
    /// The file that it was read from, as given.
    pub file: PathBuf,
    /// Its title.
    pub name: String,
    /// The lesson that it checks, by the lesson's file name without the ending.
    pub lesson: Option<String>,
    /// The heading of the lesson whose text it checks, where that has no code.
    pub section: Option<String>,
    /// Boards that it plays on.
    pub boards: Vec<String>,
    /// Capabilities without which it makes no sense.
    pub needs: Vec<Need>,
    /// Files on the board before power-on, by path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Where every random choice of the run comes from.
    pub seed: u32,
    /// How many cores the board has, 1 or 2.
    pub cores: u32,
    /// What must not come, through the whole run.
    pub never: Vec<Never>,
    /// It must fail, and the failure must say this: what is played is wrong on purpose.
    pub fails: Option<TextPattern>,
    /// In what two targets may differ that are compared.
    pub tolerate: Vec<Tolerated>,
    /// The steps, in order. Never empty.
    pub steps: Vec<Step>,
    /// The names that its file sweeps, in their order, each with its value here; empty if
    /// it sweeps none.
    pub swept: Vec<(String, String)>,
}

impl Scenario {
    /// The identity without the name of the case: that of its file.
    pub fn file_identity(&self) -> &str {
        let case = self.identity.strip_suffix(']').and_then(|rest| rest.rsplit_once('['));
        case.map_or(&self.identity, |(file, _)| file)
    }
}

/// A capability of a target that a scenario may need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Pins that can be watched and driven.
    Gpio,
    /// Pin interrupts.
    Irq,
    /// An I2C bus.
    I2c,
    /// A file system that the lab can write.
    Files,
    /// Memory that the lab can read.
    Memory,
    /// Exact machine time.
    Exact,
    /// Power that can be cut.
    Power,
    /// Analog inputs that can be driven.
    Analog,
    /// A machine that notices what it does not emulate.
    Findings,
    /// Pins that can pick up noise.
    Noise,
    /// Wires that the lab can break.
    Wires,
}

/// One action and its modifiers.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The line of the step in the scenario's file, from 1.
    pub line: usize,
    /// What to do, and what to claim.
    pub action: Action,
    /// How long after the start of the step its claim may come true.
    pub within: Duration,
    /// When the step starts, if not at once.
    pub at: Option<At>,
    /// How long a level must stay as claimed. Only with [`Action::Pin`].
    pub hold: Option<Duration>,
    /// The author's name for it.
    pub name: Option<String>,
}

/// When a step starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// This long after the step before ended.
    Step(Duration),
    /// At this machine time. In the past it is an error of the run.
    Machine(Duration),
}

/// What a step does. One module under the runner's `steps/` for each.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Power has come on; go on until the board is up.
    Boot(Boot),
    /// Types the lines of a transcript and compares the answers.
    Repl(Vec<Exchange>),
    /// Runs code by raw-paste mode, which echoes nothing.
    Exec(Code),
    /// Types code in paste mode (Ctrl-E … Ctrl-D).
    Paste(Code),
    /// Types bytes.
    Send(Vec<u8>),
    /// Presses one key: its bytes.
    Key(Vec<u8>),
    /// Waits for output.
    Expect(Expect),
    /// Claims that nothing is sent for so long.
    Quiet(Duration),
    /// Lets the machine run for exactly so long.
    Wait(Duration),
    /// Drives pins (by role or name) and analog inputs from outside.
    Drive(Vec<(String, Driven)>),
    /// Presses a button.
    Press(Press),
    /// Plans what happens from outside, and waits for none of it. Never empty.
    Stimuli(Vec<Stimulus>),
    /// Breaks or mends the wire to a pin.
    Wire(WireChange),
    /// Claims levels of pins (by role or name).
    Pin(Vec<(String, Level)>),
    /// Starts the board again.
    Reset(Reset),
    /// Writes or claims files in the flash of the stopped machine.
    Fs(Fs),
    /// Claims the shape of waves, all from the start of the step on. Never empty, and each
    /// of another pin.
    Wave(Vec<WaveClaim>),
    /// Looks at a pin, and claims its intervals as a data sheet states them.
    Contract(Contract),
    /// Takes a sample of the memory, and claims figures of it.
    Memory(Vec<(Figure, Bound)>),
    /// From here on, these must not come. Never empty.
    Never(Vec<Never>),
    /// Compares parts of the record with what is stored.
    Snapshot(Vec<SnapshotPart>),
}

/// What a pin or an analog input is driven to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driven {
    /// A pin, to a level.
    Level(Level),
    /// A pin, to nothing: it picks up noise.
    Noise,
    /// An analog input: to microvolts, or to thousandths of a degree Celsius.
    Analog(i32),
}

/// A press of a button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// Role or name of its pin.
    pub button: String,
    /// How long it is pressed, from the start of the step on.
    pub time: Duration,
    /// For how long its contact bounces at either end; shorter than `time`.
    pub bounce: Option<Duration>,
}

/// One entry of a table of stimuli.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stimulus {
    /// Its line in the scenario's file, from 1.
    pub line: usize,
    /// When it happens: this long after the start of the step, or at this machine time.
    pub time: At,
    /// What happens.
    pub act: Act,
}

/// What happens from outside at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Pins and analog inputs are driven.
    Drive(Vec<(String, Driven)>),
    /// A button is pressed.
    Press(Press),
    /// Bytes arrive, the first of them at that time.
    Type {
        /// Never empty.
        bytes: Vec<u8>,
        /// The name of the port; `None` for the REPL's.
        port: Option<String>,
    },
}

/// What becomes of the wire to a pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireChange {
    /// Role or name of the pin.
    pub pin: String,
    /// What its wire is from then on.
    pub to: WireState,
    /// When, if not at once. The step does not wait for it.
    pub when: Option<NthEdge>,
}

/// The state of a wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WireState {
    /// It carries what is driven.
    Whole,
    /// Nothing that is driven reaches the pin.
    Open,
    /// It has this level, which is high or low.
    Shorted(Level),
    /// It is connected to this other pin, by its role or name, which is an output.
    Bridged(String),
}

/// An edge of a pin, counted from the start of the step on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NthEdge {
    /// Role or name of the pin.
    pub pin: String,
    /// Which edge, from 1.
    pub count: u32,
    /// Only those to this level are counted, which is high or low.
    pub to: Option<Level>,
}

/// How far `boot` goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boot {
    /// Nowhere: boot.py and main.py start, and the next step begins at once.
    Run,
    /// To the first prompt of the REPL.
    Repl,
}

/// How the board is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// Ctrl-D at the prompt: Python starts again, the board does not.
    Soft,
    /// By the reset line.
    Hard,
    /// The power is cut and comes back.
    Power,
}

/// What `fs` does. Paths are those on the board, without the leading `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fs {
    /// These files are written. Never empty.
    Write(BTreeMap<String, Vec<u8>>),
    /// These files hold exactly this. Never empty.
    Is(BTreeMap<String, Vec<u8>>),
    /// There is a file or a folder.
    Has(String),
    /// There is neither.
    Absent(String),
}

/// One line that is typed at the prompt (with its continuation lines), and the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// The line of the `>>>` in the scenario's file, from 1.
    pub line: usize,
    /// What is typed, line by line, without prompts. Never empty.
    pub typed: Vec<String>,
    /// What must come before the next prompt.
    pub expected: Expected,
}

/// Source text to run, and what it must do.
#[derive(Clone, Debug, PartialEq)]
pub struct Code {
    /// The source, with `\n` line ends.
    pub text: String,
    /// Where it is from: `Embedded Constraints#1`, or `None` for the scenario's own.
    pub block: Option<String>,
    /// What it must print, in full.
    pub prints: Option<Expected>,
    /// Outputs that must come, in this order; more may come between them.
    pub claims: Vec<Expected>,
    /// The name of the exception that must end it. Without it, none may.
    pub raises: Option<String>,
}

/// What `expect` waits for.
#[derive(Clone, Debug, PartialEq)]
pub enum Expect {
    /// Text or a regular expression, anywhere in what comes from the start of the step before on.
    Text(TextPattern),
    /// These texts, in this order; more may come between them.
    Lines(Vec<String>),
    /// The prompt of the REPL.
    Prompt,
}

/// What must not come.
#[derive(Clone, Debug, PartialEq)]
pub enum Never {
    /// The firmware must not send this.
    Sent(TextPattern),
    /// The firmware must not touch what is not emulated.
    Found(FindingKind),
}

/// Something to find in output.
#[derive(Clone, Debug)]
pub enum TextPattern {
    /// These characters.
    Text(String),
    /// A match of this expression, line by line (`(?m)` is on).
    Regex(regex::Regex),
}

impl PartialEq for TextPattern {
    /// Expressions are equal as they are written.
    fn eq(&self, other: &TextPattern) -> bool {
        match (self, other) {
            (TextPattern::Text(one), TextPattern::Text(other)) => one == other,
            (TextPattern::Regex(one), TextPattern::Regex(other)) => one.as_str() == other.as_str(),
            _ => false,
        }
    }
}

impl TextPattern {
    /// Whether it is found in `text`.
    pub fn is_in(&self, text: &str) -> bool {
        match self {
            TextPattern::Text(wanted) => text.contains(wanted.as_str()),
            TextPattern::Regex(regex) => regex.is_match(text),
        }
    }
}

impl fmt::Display for TextPattern {
    /// `"text"`, or `/expression/`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TextPattern::Text(text) => write!(f, "{text:?}"),
            TextPattern::Regex(regex) => write!(f, "/{regex}/"),
        }
    }
}

/// The claimed shape of a wave.
#[derive(Clone, Debug, PartialEq)]
pub struct WaveClaim {
    /// Role or name of the pin.
    pub pin: String,
    /// How long to look, from the start of the step on.
    pub window: Duration,
    /// From a rising edge to the next, each of them.
    pub period: Option<(Duration, Tolerance)>,
    /// How often a rising edge comes; each whole period is judged.
    pub frequency: Option<Frequency>,
    /// The high part of each whole period, in percent; the tolerance is in points.
    pub duty: Option<(f64, f64)>,
    /// How many rising edges.
    pub count: Option<usize>,
    /// What the first edge is.
    pub first: Option<Direction>,
    /// How long each whole high pulse is.
    pub high: Option<Width>,
    /// How long each whole low pulse is.
    pub low: Option<Width>,
    /// How long each whole pulse is at least, whatever its level.
    pub glitch: Option<Duration>,
    /// How each rising edge lies to those of another pin.
    pub lag: Option<LagClaim>,
}

impl WaveClaim {
    /// Looks at `pin` for `window`, and claims nothing yet.
    pub fn looking(pin: impl Into<String>, window: Duration) -> WaveClaim {
        WaveClaim {
            pin: pin.into(),
            window,
            period: None,
            frequency: None,
            duty: None,
            count: None,
            first: None,
            high: None,
            low: None,
            glitch: None,
            lag: None,
        }
    }
}

/// How far a pin lags behind another.
#[derive(Clone, Debug, PartialEq)]
pub struct LagClaim {
    /// Role or name of the other pin.
    pub behind: String,
    /// How far.
    pub by: Lag,
}

/// Intervals of a pin's wave as a data sheet states them. At least one of the four is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Role or name of the pin.
    pub pin: String,
    /// How long to look, from the start of the step on.
    pub window: Duration,
    /// How long each whole high pulse is.
    pub high: Option<Interval>,
    /// How long each whole low pulse is.
    pub low: Option<Interval>,
    /// From a rising edge to the next.
    pub period: Option<Interval>,
    /// From the last rising edge of another pin, by its role or name, to each of this one's.
    pub lag: Option<(String, Interval)>,
}

/// What a data sheet says of an interval. `min`, `max` or both are there, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// No shorter.
    pub min: Option<Duration>,
    /// As it is mostly; this is shown, and not judged.
    pub typ: Option<Duration>,
    /// No longer.
    pub max: Option<Duration>,
}

/// Which way a level changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To high.
    Rising,
    /// From high.
    Falling,
}

/// How long a pulse is. One border is there, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Width {
    /// At least so long.
    pub min: Option<Duration>,
    /// At most so long.
    pub max: Option<Duration>,
}

/// A part of the record that a snapshot stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotPart {
    /// All that the firmware sent.
    Transcript,
    /// What `wave` steps have measured.
    Wave,
    /// How full stack and heap are.
    Memory,
}
